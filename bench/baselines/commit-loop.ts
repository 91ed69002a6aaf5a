/**
 * What durability alone costs: rows of 1 KB, so many in a transaction, each transaction on disk before the next begins.
 * The same engine and the same settings as the embedded store's, and nothing else.
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Histogram, type Quantiles } from "../generator/histogram.ts";
import { createFolder } from "../places.ts";

const ROW = Buffer.alloc(1024, "x");

export interface Commits {
  readonly rowsPerSecond: number;
  readonly latency: Quantiles;
}

export function measureCommits(rowsPerCommit: number, seconds: number): Commits {
  using db = new DatabaseSync(join(createFolder("commits"), "bare.db"));
  db.exec("pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000");
  db.exec("create table history (key integer primary key, events blob not null) strict");
  const insert = db.prepare("insert into history (events) values (?)");
  const latency = new Histogram();
  const beganAt = performance.now();
  const endAt = beganAt + seconds * 1000;
  let rows = 0;
  for (let at = beganAt; at < endAt; ) {
    db.exec("begin immediate");
    for (let i = 0; i < rowsPerCommit; i++) insert.run(ROW);
    db.exec("commit");
    rows += rowsPerCommit;
    const now = performance.now();
    latency.record(now - at);
    at = now;
  }
  return { rowsPerSecond: (rows * 1000) / (performance.now() - beganAt), latency: latency.quantiles() };
}
