/** Prepared statements whose text is put together from a request: each text is prepared once and kept while it is used. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

import { createRecent } from "./recent.ts";

export type Statements = (sql: string) => StatementSync;

/** Of queries with a dozen filters only few combinations are common. */
const STATEMENTS_MAX = 500;

/** All that `work` reads is of one moment. */
export function inSnapshot<T>(statements: Statements, work: () => T): T {
  statements("begin").run();
  try {
    return work();
  } finally {
    statements("commit").run();
  }
}

/** Rows come as arrays: the columns are named once, in the query. */
export function createStatements(db: DatabaseSync): Statements {
  const prepared = createRecent<StatementSync>(STATEMENTS_MAX);
  return (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    prepared.set(sql, statement);
    return statement;
  };
}
