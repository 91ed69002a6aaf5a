/**
 * What became of attempts that are over, for executors that answer twice or too late. Remembers the last ones only: of
 * older ones the execution itself knows that they are over, though no longer why.
 */

/** `answered`: by an executor. `over`: timed out, cancelled, or ended by something else. */
export type Ending = "answered" | "over";

export interface Recent {
  remember(key: string, ending: Ending): void;
  find(key: string): Ending | null;
  forget(key: string): void;
}

/** Two generations of this many at most; some 10 MB when full. */
const GENERATION_SIZE_MAX = 25_000;

export function createRecent(sizeMax: number = GENERATION_SIZE_MAX): Recent {
  let young = new Map<string, Ending>();
  let old = new Map<string, Ending>();
  return {
    remember(key, ending) {
      if (young.size >= sizeMax) {
        old = young;
        young = new Map();
      }
      young.set(key, ending);
    },
    find: (key) => young.get(key) ?? old.get(key) ?? null,
    forget(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}
