/** The state of checking one value: where in it we are, what is wrong so far, and what may still be used up. */

import type { Json } from "../../base/json.ts";
import type { Pattern } from "./check.ts";
import type { Resource } from "./tree.ts";
import { toPointer } from "./violation.ts";

/** Whether `value` fits; what is wrong goes into the run. */
export type Check = (value: Json, run: Run) => boolean;

export interface Run {
  /** Null while the run only asks whether a value fits. */
  violations: Found[] | null;
  readonly path: (string | number)[];
  /** Of the value that is being checked; null where nobody will ask. */
  seen: Seen | null;
  /** The resources on the way here, outermost first. */
  readonly resources: Resource[];
  checksLeft: number;
  depth: number;
  /** Why the run gave up; then every check fails and nothing else counts. */
  gaveUp: string | null;
}

export interface Found {
  readonly pointer: string;
  readonly message: string;
}

/** The members and items of a value that a schema has spoken of. */
export interface Seen {
  allMembers: boolean;
  readonly members: Set<string>;
  /** All items before this index. */
  itemsBefore: number;
  readonly items: Set<number>;
}

/** A value of 1 MiB under a large schema stays below; what goes beyond was made to. Takes about a second. */
export const CHECKS_MAX = 5_000_000;

const TOO_MUCH = "Expected a value that can be checked in 5,000,000 steps, but it takes more.";

/** Nested checks, references included. Each takes a few frames of the stack, and the caller's stack is not empty. */
const DEPTH_MAX = 800;

/** Nobody reads more, and a large wrong value must not make an answer larger than itself. */
const VIOLATIONS_MAX = 1000;

export function createRun(): Run {
  return { violations: [], path: [], seen: null, resources: [], checksLeft: CHECKS_MAX, depth: 0, gaveUp: null };
}

export function enter(run: Run): boolean {
  if (run.gaveUp !== null) return false;
  if (--run.checksLeft < 0) {
    run.gaveUp = TOO_MUCH;
    return false;
  }
  if (++run.depth > DEPTH_MAX) {
    run.gaveUp = `Expected a value that is nested at most ${DEPTH_MAX} levels deep, but it goes deeper.`;
    return false;
  }
  return true;
}

/** Whether `text` matches. A large pattern takes its time over a large text, so each search is paid for. */
export function matches(run: Run, pattern: Pattern, text: string): boolean {
  run.checksLeft -= pattern.price(text.length);
  if (run.checksLeft < 0) run.gaveUp ??= TOO_MUCH;
  return run.gaveUp === null && pattern.test(text);
}

export function leave(run: Run): void {
  run.depth--;
}

/** Reports at the current place. The message is made only if somebody will read it. */
export function fail(run: Run, message: () => string): false {
  if (run.violations !== null && run.violations.length < VIOLATIONS_MAX) {
    run.violations.push({ pointer: toPointer(run.path), message: message() });
  }
  return false;
}

/** Reports what was found apart. */
export function pass(run: Run, found: Found): void {
  if (run.violations !== null && run.violations.length < VIOLATIONS_MAX) run.violations.push(found);
}

/** Checks a member or an item of the current value. */
export function inside(run: Run, key: string | number, value: Json, check: Check): boolean {
  const outer = run.seen;
  run.seen = null;
  run.path.push(key);
  const fits = check(value, run);
  run.path.pop();
  run.seen = outer;
  return fits;
}

/** Whether the value fits, with nothing reported. */
export function quietly(run: Run, value: Json, check: Check): boolean {
  const { violations } = run;
  run.violations = null;
  const fits = check(value, run);
  run.violations = violations;
  return fits;
}

/** What `check` reports of the value, kept apart. */
export function apart(run: Run, value: Json, check: Check): readonly Found[] {
  const { violations } = run;
  const own: Found[] = [];
  run.violations = own;
  check(value, run);
  run.violations = violations;
  return own;
}

export function nothingSeen(): Seen {
  return { allMembers: false, members: new Set(), itemsBefore: 0, items: new Set() };
}

export function remember(outer: Seen, inner: Seen): void {
  outer.allMembers ||= inner.allMembers;
  outer.itemsBefore = Math.max(outer.itemsBefore, inner.itemsBefore);
  for (const name of inner.members) outer.members.add(name);
  for (const index of inner.items) outer.items.add(index);
}
