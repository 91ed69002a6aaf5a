/**
 * How many executions are in each status, of a workspace and of a workflow. The changes of one transaction are summed up
 * here and written at its end: a batch of a thousand starts changes two rows.
 */

import type { DatabaseSync } from "node:sqlite";

import type { RowStatus } from "../../../ports/store.ts";

export interface Counts {
  add(workspace: string, workflow: string, status: RowStatus, by: number): void;
  /** Writes the sums. */
  finish(): void;
  /** After a rollback. */
  forget(): void;
}

interface Sum {
  readonly workspace: string;
  readonly workflow: string;
  readonly status: RowStatus;
  by: number;
}

export function createCounts(db: DatabaseSync): Counts {
  const addToWorkspace = db.prepare(
    `insert into workspace_count (workspace, status, count) values (?, ?, ?)
     on conflict do update set count = count + excluded.count`,
  );
  const addToWorkflow = db.prepare(
    `insert into workflow_count (workspace, workflow, status, count) values (?, ?, ?, ?)
     on conflict do update set count = count + excluded.count`,
  );
  const sums = new Map<string, Sum>();

  return {
    add(workspace, workflow, status, by) {
      // A status holds no space and lengths no letters: no two places share such a text.
      const place = `${status} ${workspace.length} ${workspace}${workflow}`;
      const sum = sums.get(place);
      if (sum === undefined) sums.set(place, { workspace, workflow, status, by });
      else sum.by += by;
    },

    finish() {
      for (const { workspace, workflow, status, by } of sums.values()) {
        if (by === 0) continue;
        addToWorkspace.run(workspace, status, by);
        addToWorkflow.run(workspace, workflow, status, by);
      }
      sums.clear();
    },

    forget() {
      sums.clear();
    },
  };
}
