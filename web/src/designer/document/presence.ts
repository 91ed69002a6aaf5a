/** Who else is at the draft: a name, a colour, what he has selected and where his pointer is. */

import { useEffect, useState } from "react";
import type { Awareness } from "y-protocols/awareness";
import type { Point } from "../../graph/layout.ts";

export interface Person {
  readonly client: number;
  readonly name: string;
  readonly colour: string;
  readonly selection: readonly string[];
  readonly pointer: Point | null;
}

const COLOURS = ["#b3202e", "#14713d", "#1f5fd0", "#8a5200", "#6b35b8", "#0b7285"] as const;
const NAMES = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Linus", "Radia", "Ken"] as const;
const NAME_LENGTH_MAX = 40;
const SELECTION_MAX = 200;

/** How this person is called here until there are users: kept for the browser, so that it stays the same. */
export function ownName(client: number): string {
  const key = "magicflow.name";
  try {
    const known = localStorage.getItem(key);
    if (known !== null && known !== "") return known.slice(0, NAME_LENGTH_MAX);
    const name = `${NAMES[client % NAMES.length]} ${(client % 90) + 10}`;
    localStorage.setItem(key, name);
    return name;
  } catch {
    return `Guest ${(client % 90) + 10}`;
  }
}

export function colourOf(client: number): string {
  return COLOURS[client % COLOURS.length] ?? COLOURS[0];
}

export function usePeople(awareness: Awareness): readonly Person[] {
  const [people, setPeople] = useState<readonly Person[]>([]);
  useEffect(() => {
    const read = () => setPeople(peopleOf(awareness));
    read();
    awareness.on("change", read);
    return () => awareness.off("change", read);
  }, [awareness]);
  return people;
}

/** What others say of themselves is text from elsewhere: only what has its form is shown. */
function peopleOf(awareness: Awareness): readonly Person[] {
  return [...awareness.getStates()].flatMap(([client, state]) => {
    if (client === awareness.clientID) return [];
    const { user, selection, pointer } = state;
    const name: unknown = typeof user === "object" && user !== null ? user["name"] : null;
    return [
      {
        client,
        name: typeof name === "string" && name !== "" ? name.slice(0, NAME_LENGTH_MAX) : "Somebody",
        colour: colourOf(client),
        selection: Array.isArray(selection)
          ? selection.filter((id): id is string => typeof id === "string").slice(0, SELECTION_MAX)
          : [],
        pointer: isPoint(pointer) ? { x: pointer.x, y: pointer.y } : null,
      },
    ];
  });
}

function isPoint(value: unknown): value is Point {
  if (typeof value !== "object" || value === null || !("x" in value) || !("y" in value)) return false;
  return Number.isFinite(value.x) && Number.isFinite(value.y);
}
