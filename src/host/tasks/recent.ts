/**
 * What became of attempts that are over, for executors that answer twice or too late. Remembers the last ones only: of
 * older ones the execution itself knows that they are over, though no longer why.
 */

/** `answered`: by an executor. `over`: timed out, cancelled, or ended by something else. */
export type Ending = "answered" | "over";

export interface Recent {
  remember(workspace: string, taskId: string, ending: Ending): void;
  find(workspace: string, taskId: string): Ending | null;
  forget(taskId: string): void;
}

/** Two generations of this many at most; some 10 MB when full. */
const GENERATION_SIZE_MAX = 25_000;

interface Kept {
  readonly workspace: string;
  readonly ending: Ending;
}

export function createRecent(sizeMax: number = GENERATION_SIZE_MAX): Recent {
  let young = new Map<string, Kept>();
  let old = new Map<string, Kept>();
  /** Most have the same workspace and ending as the one before: one object stands for all of them. */
  let last: Kept = { workspace: "", ending: "over" };
  return {
    remember(workspace, taskId, ending) {
      if (young.size >= sizeMax) {
        old = young;
        young = new Map();
      }
      if (last.workspace !== workspace || last.ending !== ending) last = { workspace, ending };
      young.set(taskId, last);
    },
    find(workspace, taskId) {
      const kept = young.get(taskId) ?? old.get(taskId);
      return kept?.workspace === workspace ? kept.ending : null;
    },
    forget(taskId) {
      young.delete(taskId);
      old.delete(taskId);
    },
  };
}
