/**
 * Which iterations of loops an execution shows: the running ones, the failed ones, and the last hundred that ended. The rest
 * are counted and let go of, so that a loop of a hundred thousand costs no more than one of a hundred.
 *
 * An iteration knows the steps that stand directly in it; loops among them know their own iterations, and go with it.
 */

import type { ScopeStatus } from "../engine/events.ts";
import type { IterationCounts } from "./executions.ts";

/** How many of the iterations that ended are shown. */
const ENDED_SHOWN_MAX = 100;

/** Failed iterations are what people look for, but ten thousand of the same failure are told by their number. */
const FAILED_SHOWN_MAX = 10_000;

interface Loop {
  total: number | null;
  readonly running: Set<number>;
  completed: number;
  failed: number;
  cancelled: number;
  /** The last that ended, in the order of their ends. */
  readonly recent: number[];
  /** Failed ones that are older than that. */
  readonly failedBefore: Set<number>;
}

interface Iteration {
  readonly steps: string[];
  status: ScopeStatus | "running";
}

export class Loops {
  readonly #loops = new Map<string, Loop>();
  readonly #iterations = new Map<string, Iteration>();
  /** Told of every step that is no longer shown. */
  readonly #hide: (path: string) => void;

  constructor(hide: (path: string) => void) {
    this.#hide = hide;
  }

  begin(path: string, total: number | null): void {
    this.forget(path);
    this.#loops.set(path, {
      total,
      running: new Set(),
      completed: 0,
      failed: 0,
      cancelled: 0,
      recent: [],
      failedBefore: new Set(),
    });
  }

  beginIteration(path: string, index: number): void {
    const loop = this.#loops.get(path);
    if (loop === undefined) return;
    loop.running.add(index);
    this.#iterations.set(`${path}[${index}]`, { steps: [], status: "running" });
  }

  endIteration(path: string, index: number, status: ScopeStatus): void {
    const loop = this.#loops.get(path);
    const iteration = this.#iterations.get(`${path}[${index}]`);
    if (loop === undefined || iteration === undefined) return;
    iteration.status = status;
    loop.running.delete(index);
    loop[status] += 1;
    loop.recent.push(index);
    if (loop.recent.length > ENDED_SHOWN_MAX) this.#letGo(path, loop, loop.recent.shift() as number);
  }

  #letGo(path: string, loop: Loop, index: number): void {
    if (this.#iterations.get(`${path}[${index}]`)?.status === "failed" && loop.failedBefore.size < FAILED_SHOWN_MAX) {
      loop.failedBefore.add(index);
    } else {
      this.#forgetIteration(`${path}[${index}]`);
    }
  }

  /** A step was met for the first time: it goes with the iteration that it stands in. */
  addStep(path: string): void {
    this.#iterations.get(iterationOf(path) ?? "")?.steps.push(path);
  }

  /** Whether what is at `path` is in an iteration that has completed: it is over whatever happens to the execution. */
  isInCompleted(path: string): boolean {
    for (let outer = iterationOf(path); outer !== null; outer = iterationOf(outer.slice(0, outer.lastIndexOf("[")))) {
      if (this.#iterations.get(outer)?.status === "completed") return true;
    }
    return false;
  }

  /** After a re-opening: these iterations go on. */
  goOn(path: string, running: Iterable<number>): void {
    const loop = this.#loops.get(path);
    if (loop === undefined) return;
    for (const index of running) {
      const iteration = this.#iterations.get(`${path}[${index}]`);
      if (iteration === undefined) {
        // Its steps were no longer shown; from now on they are again.
        this.#iterations.set(`${path}[${index}]`, { steps: [], status: "running" });
      } else {
        iteration.status = "running";
      }
      loop.running.add(index);
      loop.failedBefore.delete(index);
      const place = loop.recent.indexOf(index);
      if (place !== -1) loop.recent.splice(place, 1);
    }
    loop.failed = 0;
    loop.cancelled = 0;
  }

  counts(path: string): IterationCounts | null {
    const loop = this.#loops.get(path);
    if (loop === undefined) return null;
    const { total, completed, failed, cancelled } = loop;
    const shown = loop.recent.length + loop.failedBefore.size;
    return {
      total,
      running: loop.running.size,
      completed,
      failed,
      cancelled,
      hidden: Math.max(0, completed + failed + cancelled - shown),
    };
  }

  /** The loop at `path` begins anew, or is gone: so is all that was in it. */
  forget(path: string): void {
    const loop = this.#loops.get(path);
    if (loop === undefined) return;
    this.#loops.delete(path);
    for (const index of [...loop.running, ...loop.recent, ...loop.failedBefore])
      this.#forgetIteration(`${path}[${index}]`);
  }

  #forgetIteration(place: string): void {
    const iteration = this.#iterations.get(place);
    if (iteration === undefined) return;
    this.#iterations.delete(place);
    for (const path of iteration.steps) {
      this.forget(path);
      this.#hide(path);
    }
  }
}

/** The innermost iteration that contains `path`: `a[3].b.c[2].d` is in `a[3].b.c[2]`. */
function iterationOf(path: string): string | null {
  const end = path.lastIndexOf("]");
  return end === -1 ? null : path.slice(0, end + 1);
}
