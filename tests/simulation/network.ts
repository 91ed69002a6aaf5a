/**
 * Between those who ask and the process that answers: requests and answers that get lost, come late or twice. Who hears
 * nothing for too long gives up; whether he was understood he cannot know.
 */

import type { Host } from "../../src/host/host.ts";
import { isPassing, type Outcome, RefusedError } from "../../src/host/refusal.ts";
import { StoreError } from "../../src/ports/store.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 8000;

export interface AskOptions {
  readonly who: string;
  readonly patienceMs?: number;
  /** Never of a process that was replaced: it remembers what others have changed since. */
  readonly isOfTheNewest?: boolean;
}

/** Null: no answer, or one that says "later". */
export function ask<T>(world: World, send: (host: Host) => Promise<T>, options: AskOptions): Promise<T | null> {
  const { timeline, faults } = world;
  const { promise, resolve } = Promise.withResolvers<T | null>();
  const giveUp = timeline.after(options.patienceMs ?? PATIENCE_MS, () => resolve(null));
  const hear = (answer: T | null) => {
    giveUp();
    resolve(answer);
  };

  function arrive(): void {
    const process = options.isOfTheNewest === true ? world.process : route(world);
    const host = process?.host ?? null;
    // Nobody listens: who asks learns that at once.
    if (process === null || host === null) return hear(null);
    process.deliver(() => {
      send(host).then(
        (answer) => comeBack(process, answer),
        (error: unknown) => {
          if (!isTrouble(error)) world.fail("nothing is thrown at callers", `${options.who}: ${describe(error)}`);
          comeBack(process, null);
        },
      );
    });
  }

  function comeBack(process: Process, answer: T | null): void {
    if (!process.isAlive || faults.strikes("an answer is lost")) return;
    timeline.after(travelMs(world), () => hear(answer));
  }

  if (!faults.strikes("a request is lost")) timeline.after(travelMs(world), arrive);
  if (faults.strikes("a request comes twice")) {
    world.doubled += 1;
    timeline.after(travelMs(world) + world.chance.between(0, 1500), arrive);
  }
  return promise;
}

/** Asks until somebody says yes or no. */
export async function insist<T>(
  world: World,
  who: string,
  send: (host: Host) => Promise<Outcome<T>>,
  options: Partial<AskOptions> = {},
): Promise<Outcome<T>> {
  for (;;) {
    const outcome = await ask(world, send, { ...options, who });
    if (outcome !== null && (outcome.ok || !isPassing(outcome.refusal))) return outcome;
    await world.sleep(world.chance.between(100, 1500));
  }
}

function route(world: World): Process | null {
  const { formerProcess } = world;
  if (formerProcess !== null && world.faults.strikes("a request goes to the process of before")) return formerProcess;
  return world.process;
}

function travelMs({ chance, faults }: World): number {
  return faults.strikes("a message is late") ? chance.between(100, 4000) : chance.between(0, 4);
}

/** The server makes "try again in a moment" of these. */
function isTrouble(error: unknown): boolean {
  if (error instanceof RefusedError) return true;
  return error instanceof StoreError && (error.kind === "gone" || error.kind === "unknown" || error.kind === "full");
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
