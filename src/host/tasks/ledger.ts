/** Everything that is on the board, by task and by execution. */

import type { Entry } from "./entry.ts";

export interface Ledger {
  add(entry: Entry): void;
  remove(entry: Entry): void;
  find(taskId: string): Entry | null;
  /** A copy: entries may be removed while it is gone through. */
  ofExecution(executionId: string): readonly Entry[];
  readonly size: number;
}

export function createLedger(): Ledger {
  const byId = new Map<string, Entry>();
  const byExecution = new Map<string, Set<Entry>>();
  return {
    add(entry) {
      byId.set(entry.task.id, entry);
      const siblings = byExecution.get(entry.task.executionId);
      if (siblings === undefined) byExecution.set(entry.task.executionId, new Set([entry]));
      else siblings.add(entry);
    },
    remove(entry) {
      byId.delete(entry.task.id);
      const siblings = byExecution.get(entry.task.executionId);
      siblings?.delete(entry);
      if (siblings?.size === 0) byExecution.delete(entry.task.executionId);
    },
    find: (taskId) => byId.get(taskId) ?? null,
    ofExecution: (executionId) => [...(byExecution.get(executionId) ?? [])],
    get size() {
      return byId.size;
    },
  };
}
