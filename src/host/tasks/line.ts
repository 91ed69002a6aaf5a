/**
 * A line of people waiting: one joins at its end, the first is served, and anybody may walk away from the middle. All of
 * it costs the same however long the line is, which neither an array nor a `Set` can say.
 */

export interface Line<T> {
  first: Spot<T> | null;
  last: Spot<T> | null;
}

/** A value's spot in a line; whoever keeps it can leave without being searched for. */
export interface Spot<T> {
  readonly value: T;
  before: Spot<T> | null;
  after: Spot<T> | null;
}

/**
 * How many others are passed on the way to the right spot. The order by age is a courtesy: it is not worth a walk over a
 * backlog of a million.
 */
const STEPS_MAX = 1000;

export function createLine<T>(): Line<T> {
  return { first: null, last: null };
}

/** Joins behind everybody who goes before `value`, looking from the end on which newcomers stand. */
export function joinAtEnd<T>(line: Line<T>, value: T, goesBefore: (a: T, b: T) => boolean): Spot<T> {
  let before = line.last;
  for (let steps = 0; before !== null && steps < STEPS_MAX && goesBefore(value, before.value); steps++)
    before = before.before;
  return insert(line, value, before);
}

/** The same, looking from the front: for one that has been served before and comes back. */
export function joinAtFront<T>(line: Line<T>, value: T, goesBefore: (a: T, b: T) => boolean): Spot<T> {
  let after = line.first;
  for (let steps = 0; after !== null && steps < STEPS_MAX && !goesBefore(value, after.value); steps++)
    after = after.after;
  return insert(line, value, after === null ? line.last : after.before);
}

/** The spot must be in this line. */
export function leave<T>(line: Line<T>, spot: Spot<T>): void {
  if (spot.before === null) line.first = spot.after;
  else spot.before.after = spot.after;
  if (spot.after === null) line.last = spot.before;
  else spot.after.before = spot.before;
  spot.before = null;
  spot.after = null;
}

function insert<T>(line: Line<T>, value: T, before: Spot<T> | null): Spot<T> {
  const spot: Spot<T> = { value, before, after: before === null ? line.first : before.after };
  if (spot.before === null) line.first = spot;
  else spot.before.after = spot;
  if (spot.after === null) line.last = spot;
  else spot.after.before = spot;
  return spot;
}
