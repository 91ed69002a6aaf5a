/**
 * Gives memory back that a burst of work has left behind. The engine of JavaScript collects when it needs room and never
 * because there is time; after a hundred thousand executions were parked their garbage would stay resident for ever.
 *
 *     busy ──nothing written for a while──► collect once ──► idle ──something is written──► busy
 *
 * Where the process may not ask for a collection (`--expose-gc` is not given) nothing is done.
 */

import type { Clock } from "../ports/clock.ts";

export interface HeapOptions {
  readonly clock: Clock;
  /** How much work has been done so far, as a number that grows. */
  readonly workDone: () => number;
  /** Null: the process may not collect. */
  readonly collect: (() => void) | null;
}

/** Longer than the pauses within a load, shorter than anybody looks at memory. */
const IDLE_MS = 5000;

/** The collection of Node, where the process was started so that it may be asked for one. */
export function collectorOfNode(): (() => void) | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
  return () => {
    // The first one finds what is garbage; only one that is told that memory is short returns the pages as well.
    gc({ type: "major", execution: "sync" });
    gc({ type: "major", execution: "sync", flavor: "last-resort" });
  };
}

export function keepHeapSmall({ clock, workDone, collect }: HeapOptions): Disposable {
  if (collect === null) return { [Symbol.dispose]: () => {} };
  let seen = workDone();
  // What starting has left behind is garbage as well.
  let isDirty = true;
  let cancel = () => {};
  const look = () => {
    const done = workDone();
    if (done !== seen) {
      seen = done;
      isDirty = true;
    } else if (isDirty) {
      isDirty = false;
      collect();
    }
    cancel = clock.after(IDLE_MS, look);
  };
  cancel = clock.after(IDLE_MS, look);
  return { [Symbol.dispose]: () => cancel() };
}
