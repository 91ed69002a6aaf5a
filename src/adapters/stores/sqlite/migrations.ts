/**
 * Brings a database to the schema of this program, one numbered step after another. Each step is one transaction with its
 * number, so that a crash half-way leaves a database between two steps and never inside one.
 */

import type { DatabaseSync } from "node:sqlite";

import { StoreError } from "../../../ports/store.ts";
import {
  APPLICATION_ID,
  SCHEMA_1,
  SCHEMA_DEAD_LETTERS,
  SCHEMA_KEYS,
  SCHEMA_PACKS_IN_ORDER,
  SCHEMA_SHARED,
  SCHEMA_SNAPSHOTS,
} from "./schema.ts";

/** Step `n` leads from version n - 1 to n. Steps are only ever added. */
export const MIGRATIONS: readonly string[] = [
  SCHEMA_1,
  SCHEMA_SHARED,
  SCHEMA_DEAD_LETTERS,
  SCHEMA_SNAPSHOTS,
  SCHEMA_KEYS,
  SCHEMA_PACKS_IN_ORDER,
];

export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = readPragma(db, "user_version");
  checkOurs(db, version);
  if (version > migrations.length) {
    throw new StoreError(
      "corrupt",
      `Expected a database of schema version ${migrations.length} or older, but this one has ${version}: a newer Magic Flow has written it.`,
    );
  }
  for (const [index, step] of migrations.entries()) if (index >= version) apply(db, step, index + 1);
}

function apply(db: DatabaseSync, step: string, version: number): void {
  db.exec("begin immediate");
  try {
    db.exec(step);
    db.exec(`pragma application_id = ${APPLICATION_ID}`);
    db.exec(`pragma user_version = ${version}`);
    db.exec("commit");
  } catch (error) {
    if (db.isTransaction) db.exec("rollback");
    throw error;
  }
}

function checkOurs(db: DatabaseSync, version: number): void {
  const isEmpty = version === 0 && db.prepare("select 1 from sqlite_schema limit 1").get() === undefined;
  if (!isEmpty && readPragma(db, "application_id") !== APPLICATION_ID) {
    throw new StoreError(
      "corrupt",
      "Expected a database of Magic Flow, but this SQLite file belongs to something else.",
    );
  }
}

function readPragma(db: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(db.prepare(`pragma ${name}`).get()?.[name]);
}
