/** Removes executions for good: from every table that knows of them. */

import type { DatabaseSync } from "node:sqlite";

import type { Over, Removal } from "../../../ports/store.ts";
import { AT, type StoredExecution } from "./codec.ts";

export interface Remover {
  /** Whether all of them may go. */
  isRemovable(rows: readonly StoredExecution[], removal: Removal): boolean;
  /** All but its tags and search attributes. */
  remove(key: number, row: StoredExecution): void;
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "timed_out"]);

export function createRemover(db: DatabaseSync): Remover {
  const selectKey = db.prepare(
    "select 1 from idempotency_key where execution_id = ? and created_at >= ? and key <> '/' || execution_id limit 1",
  );
  const deleteKeys = db.prepare("delete from idempotency_key where execution_id = ?");
  const deletes = [
    "delete from history where execution = ?",
    "delete from snapshot where execution = ?",
    "delete from execution where key = ?",
  ].map((sql) => db.prepare(sql));

  return {
    isRemovable: (rows, removal) =>
      rows.every((row) => isOver(row, removal) && selectKey.get(row[AT.id], removal.keysSince) === undefined),

    remove(key, row) {
      deleteKeys.run(row[AT.id]);
      for (const each of deletes) each.run(key);
    },
  };
}

function isOver(row: StoredExecution, { endedBefore, lettersBefore }: Over): boolean {
  const before = row[AT.deadLetter] === 1 ? lettersBefore : endedBefore;
  const finishedAt = row[AT.finishedAt];
  if (finishedAt === null || before === null || row[AT.quarantine] !== null) return false;
  return ENDED.has(row[AT.status]) && finishedAt < before;
}
