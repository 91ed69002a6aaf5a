/** A promise broken by our own code. Never thrown for something a user or an executor did. */
export class Bug extends Error {
  override readonly name = "Bug";
}

export function assert(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Bug(`Expected ${promise}, but that does not hold.`);
}

/** For what an earlier check has settled; the message says which promise was broken. */
export function defined<T>(value: T | undefined | null, promise: string): T {
  if (value === undefined || value === null) throw new Bug(`Expected ${promise}, but that does not hold.`);
  return value;
}

/** Ends a `switch` over a union: adding a case breaks the build here, not a run in production. */
export function unreachable(met: never): never {
  throw new Bug(`Expected every case to be handled, but met ${JSON.stringify(met)}.`);
}
