/**
 * What can be done to the steps of a document, by whichever hand: canvas, outline, keys and palette all call these. Each says
 * in words what it did, or why it could not.
 */

import type { Edited } from "../../../src/core/language/edit/apply.ts";
import {
  type Added,
  addStep,
  connect,
  copySteps,
  disconnect,
  moveStep,
  pasteSteps,
  removeSteps,
  type StepPlace,
} from "../../../src/core/language/edit/steps.ts";
import { type Picture, type PictureEdgeKind, pictureOf } from "../../../src/core/language/picture.ts";
import type { DesignerDocument } from "./document/designer-document.ts";

export interface Actions {
  readonly add: (type: string, place?: StepPlace) => void;
  readonly addOnEdge: (type: string, edge: string) => void;
  readonly remove: (ids?: readonly string[]) => void;
  readonly copy: () => Promise<void>;
  readonly cut: () => Promise<void>;
  readonly paste: () => Promise<void>;
  readonly duplicate: () => void;
  readonly move: (id: string, place: StepPlace) => boolean;
  readonly connect: (from: string, to: string, kind: PictureEdgeKind) => void;
  readonly disconnect: (edge: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly layOut: () => void;
  readonly selectAll: () => void;
}

const CANNOT = "The text cannot be changed in this way here; the YAML beside it can.";
/** Of this page, for browsers that let no page read the clipboard. */
let clipboard = "";

export function createActions(document: DesignerDocument, say: (text: string) => void): Actions {
  const picture = (): Picture | null => document.state.picture;
  const apply = (edit: (text: string) => Edited | null, done: string): boolean => {
    const isDone = !document.state.isBroken && document.apply(edit);
    say(
      isDone ? done : document.state.isBroken ? "Expected a text that can be read; mend it in the YAML first." : CANNOT,
    );
    return isDone;
  };
  const insert = (edit: (text: string) => Added | null, done: string) => {
    let names: readonly string[] = [];
    const isDone = apply((text) => {
      const added = edit(text);
      names = added?.names ?? [];
      return added;
    }, done);
    if (isDone) document.select(names);
  };
  const selected = () => document.state.selection;
  const here = () => placeAfter(picture(), selected().at(-1) ?? null);
  const remove = (ids: readonly string[] = selected()) => {
    if (ids.length > 0)
      apply((text) => removeSteps(text, ids), ids.length === 1 ? `Removed ${ids[0]}` : `Removed ${ids.length} steps`);
  };
  const copy = async () => {
    if (selected().length === 0) return;
    clipboard = copySteps(document.state.text, selected());
    say(`Copied ${selected().length === 1 ? selected()[0] : `${selected().length} steps`}`);
    // Refused where a page may not write there; the page's own clipboard holds it.
    await navigator.clipboard?.writeText(clipboard).catch(() => undefined);
  };
  return {
    add: (type, place = here()) => insert((text) => addStep(text, type, place), `Added ${type}`),
    addOnEdge: (type, edgeId) => {
      const edge = picture()?.edges.find(({ id }) => id === edgeId);
      if (edge === undefined) return;
      insert(
        (text) => addBetween(text, type, edge.from, edge.to, edge.isWritten),
        `Added ${type} between ${edge.from} and ${edge.to}`,
      );
    },
    remove,
    copy,
    cut: async () => {
      await copy();
      remove();
    },
    paste: async () => {
      const read = await navigator.clipboard?.readText().catch(() => "");
      const text = read === undefined || read.trim() === "" ? clipboard : read;
      insert((source) => pasteSteps(source, text, here()) ?? pasteSteps(source, clipboard, here()), "Pasted");
    },
    duplicate: () => {
      const copied = copySteps(document.state.text, selected());
      if (copied !== "") insert((text) => pasteSteps(text, copied, here()), "Duplicated");
    },
    move: (id, place) => apply((text) => moveStep(text, id, place), `Moved ${id}`),
    connect: (from, to, kind) => {
      apply((text) => connect(text, from, to, kind), `${from} now leads to ${to}`);
    },
    disconnect: (edgeId) => {
      const edge = picture()?.edges.find(({ id }) => id === edgeId);
      if (edge !== undefined) {
        apply((text) => disconnect(text, edge.from, edge.to, edge.kind), `${edge.from} no longer leads to ${edge.to}`);
      }
    },
    undo: () => say(document.undo.undo() === null ? "Nothing to undo" : "Undone"),
    redo: () => say(document.undo.redo() === null ? "Nothing to redo" : "Done again"),
    layOut: () => document.layOut(),
    selectAll: () => document.select((picture()?.nodes ?? []).map(({ id }) => id)),
  };
}

/** After a step in its list; at the end of the workflow's where there is none. */
export function placeAfter(picture: Picture | null, id: string | null): StepPlace {
  const node = picture?.nodes.find((each) => each.id === id);
  return node === undefined ? { lane: 0, index: null } : { lane: node.lane, index: node.position + 1 };
}

/** Where the list itself says the order, the place in it is enough. */
function addBetween(source: string, type: string, from: string, to: string, isWritten: boolean): Added | null {
  const place = placeAfter(pictureOf(source), from);
  const added = addStep(source, type, place);
  const name = added?.names[0];
  if (added === null || name === undefined || !isWritten) return added;
  const steps = [
    (text: string) => disconnect(text, from, to, "success"),
    (text: string) => connect(text, from, name, "success"),
    (text: string) => connect(text, name, to, "success"),
  ];
  let { text } = added;
  const splices = [...added.splices];
  for (const step of steps) {
    const edited = step(text);
    if (edited === null) return null;
    text = edited.text;
    splices.push(...edited.splices);
  }
  return { text, splices, names: added.names };
}
