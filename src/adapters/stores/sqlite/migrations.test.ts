import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { StoreError } from "../../../ports/store.ts";
import { MIGRATIONS, migrate } from "./migrations.ts";
import { SCHEMA_PACKS_IN_ORDER, SCHEMA_SNAPSHOTS } from "./schema.ts";

const ONE = "create table thing (name text) strict";
const TWO = "alter table thing add column size integer; update thing set size = length(name)";

test("an empty file is brought to the newest version, and stays there", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  assert.equal(versionOf(db), MIGRATIONS.length);
  db.exec("insert into setting values ('shards', 8)");
  migrate(db);
  assert.equal(db.prepare("select count(*) as n from setting").get()?.["n"], 1);
});

test("a file of version 1 keeps its rows and takes the later steps only", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, [ONE]);
  db.exec("insert into thing values ('lamp')");
  migrate(db, [ONE, TWO]);
  assert.equal(versionOf(db), 2);
  assert.deepEqual({ ...db.prepare("select * from thing").get() }, { name: "lamp", size: 4 });
});

test("executions that failed before there were dead letters are among them, children apart", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, MIGRATIONS.slice(0, 2));
  const add = (id: string, status: string, parent: string | null) =>
    db
      .prepare(
        `insert into execution (id, shard, workspace, created_at, workflow, version, hash, status, priority, parked, parent_id)
         values (?, 0, 'default', 1, 'w', '1.0.0', 'h', ?, 5, 0, ?)`,
      )
      .run(id, status, parent);
  for (const status of ["failed", "timed_out", "completed", "cancelled"]) add(status, status, null);
  add("failed.1", "failed", "failed");
  migrate(db);
  const found = db.prepare("select id from execution where dead_letter = 1 order by id").all();
  assert.deepEqual(
    found.map(({ id }) => id),
    ["failed", "timed_out"],
  );
});

test("a step that fails leaves the version before it, whole", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, [ONE]);
  db.exec("insert into thing values ('lamp')");
  assert.throws(() => migrate(db, [ONE, `${TWO}; insert into nowhere values (1)`]), /no such table: nowhere/);
  assert.equal(versionOf(db), 1);
  assert.deepEqual({ ...db.prepare("select * from thing").get() }, { name: "lamp" });
  migrate(db, [ONE, TWO]);
  assert.equal(versionOf(db), 2);
});

test("a newer file is refused and left as it is", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, [ONE, TWO]);
  assert.throws(() => migrate(db, [ONE]), isCorrupt(/version 1 or older, but this one has 2/));
  assert.equal(versionOf(db), 2);
});

test("a file of another program is refused and left as it is", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("create table somebody_elses (id integer)");
  assert.throws(() => migrate(db), isCorrupt(/belongs to something else/));
  db.exec("pragma user_version = 1");
  assert.throws(() => migrate(db), isCorrupt(/belongs to something else/));
  assert.equal(db.prepare("select count(*) as n from sqlite_schema").get()?.["n"], 1);
});

test("a history of before counts its bytes from its first pack on", () => {
  const db = new DatabaseSync(":memory:");
  const before = MIGRATIONS.indexOf(SCHEMA_SNAPSHOTS);
  migrate(db, MIGRATIONS.slice(0, before));
  const insert = db.prepare("insert into history values (?, ?, ?, 1, ?)");
  for (const [execution, seq, text] of [
    [1, 1, "abc"],
    [1, 2, "ü"],
    [2, 1, "x"],
  ] as const)
    insert.run(execution, seq, seq, Buffer.from(text));
  migrate(db);
  const rows = db.prepare("select bytes_until from history order by execution, first_seq").all();
  assert.deepEqual(
    rows.map((row) => row["bytes_until"]),
    [3, 5, 1],
  );
});

test("packs of before keep their executions, their numbers and their bytes", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, MIGRATIONS.slice(0, MIGRATIONS.indexOf(SCHEMA_PACKS_IN_ORDER)));
  const insert = db.prepare("insert into history values (?, ?, ?, 1, ?, ?)");
  insert.run(2, 5, 6, Buffer.from("ü"), 5);
  insert.run(2, 1, 4, Buffer.from("abc"), 3);
  insert.run(1, 1, 1, Buffer.from("x"), 1);
  migrate(db);
  const columns = "execution, first_seq, last_seq, bytes_until, cast(events as text) as events";
  const rows = db.prepare(`select ${columns} from history order by position`).all();
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      [1, 1, 1, 1, "x"],
      [2, 1, 4, 3, "abc"],
      [2, 5, 6, 5, "ü"],
    ],
  );
});

function versionOf(db: DatabaseSync): unknown {
  return db.prepare("pragma user_version").get()?.["user_version"];
}

function isCorrupt(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.kind === "corrupt" && message.test(error.message);
}
