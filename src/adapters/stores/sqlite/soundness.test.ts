import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

import { eventsOf, startOf, writerOf } from "../../../ports/store.contract/samples.ts";
import { type Store, StoreError } from "../../../ports/store.ts";
import { DATABASE_FILE } from "./schema.ts";
import { openSqliteStore } from "./store.ts";
import { readLog } from "./write-ahead-log.ts";

const root = mkdtempSync(join(tmpdir(), "magicflow-soundness-"));
after(() => rmSync(root, { recursive: true }));

const FRAME_BYTES = 24 + 4096;

/** A store that was closed well, and the same one as a kill left it: with all that was written last in its log. */
const made = await makeStores();

describe("a store is opened", () => {
  test("as it was closed, and as a kill left it", async () => {
    for (const from of [made.closed, made.killed]) {
      await using store = await openSqliteStore({ directory: copyOf(from) });
      assert.equal((await store.readExecution("last"))?.id, "last");
    }
  });

  test("with the last write torn, as a power cut leaves it: that one was never answered", async () => {
    const directory = copyOf(made.killed);
    truncateSync(join(directory, `${DATABASE_FILE}-wal`), statSync(join(directory, `${DATABASE_FILE}-wal`)).size - 100);
    await using store = await openSqliteStore({ directory });
    assert.equal(await store.readExecution("last"), null);
    assert.equal((await store.readExecution("e8"))?.id, "e8");
  });
});

describe("a store is refused, with the file and what to do,", () => {
  test("whose database is cut off", () =>
    refused(made.closed, DATABASE_FILE, /page \d+ is missing/, (file) => truncateSync(file, statSync(file).size / 2)));

  test("whose database is zeros", () =>
    refused(made.closed, DATABASE_FILE, /does not begin as a database does/, (file) =>
      writeFileSync(file, Buffer.alloc(statSync(file).size)),
    ));

  test("whose database is empty", () =>
    refused(made.closed, DATABASE_FILE, /gone or empty/, (file) => truncateSync(file)));
  test("whose database is gone", () => refused(made.closed, DATABASE_FILE, /gone or empty/, (file) => rmSync(file)));

  test("whose database is gone while its log is there", () =>
    refused(made.killed, DATABASE_FILE, /gone or empty/, (file) => rmSync(file)));

  test("whose log has a broken header", () =>
    refused(made.killed, `${DATABASE_FILE}-wal`, /header cannot be read/, (file) => flip(file, 20)));

  test("whose log is zeros", () =>
    refused(made.killed, `${DATABASE_FILE}-wal`, /header cannot be read/, (file) =>
      writeFileSync(file, Buffer.alloc(statSync(file).size)),
    ));

  test("whose log is broken before writes that were answered", () =>
    refused(made.killed, `${DATABASE_FILE}-wal`, /damaged after \d+ writes/, (file) =>
      flip(file, 32 + FRAME_BYTES * 20 + 1000),
    ));
});

test("a log says how many writes it has, and which pages", () => {
  const log = readLog(join(made.killed, `${DATABASE_FILE}-wal`));
  assert.equal(log.kind, "sound");
  assert.ok(log.kind === "sound" && log.commits >= 10 && log.pages.has(1) && log.databasePages > 20);
  const none = readLog(join(made.closed, `${DATABASE_FILE}-wal`));
  assert.ok(none.kind === "sound" && none.commits === 0);
});

async function refused(from: string, name: string, reason: RegExp, damage: (file: string) => void): Promise<void> {
  const directory = copyOf(from);
  const file = join(directory, name);
  damage(file);
  const before = statSync(file, { throwIfNoEntry: false })?.size;
  const opened = openSqliteStore({ directory });
  await assert.rejects(opened, (error) => {
    assert.ok(error instanceof StoreError && error.kind === "corrupt", String(error));
    assert.match(error.message, reason);
    assert.ok(error.message.includes(`Expected ${file} to be sound`), error.message);
    assert.match(error.message, /Put a backup of the whole data directory in its place/);
    return true;
  });
  assert.equal(statSync(file, { throwIfNoEntry: false })?.size, before, "nothing was changed");
}

async function makeStores(): Promise<{ closed: string; killed: string }> {
  const closed = join(root, "closed");
  const killed = join(root, "killed");
  const store: Store = await openSqliteStore({ directory: closed });
  const write = await writerOf(store);
  for (let n = 0; n < 9; n++) {
    const text = JSON.stringify({ data: "x".repeat(20_000) });
    await write({ executions: [{ ...startOf(`e${n}`), events: { ...eventsOf(1), text } }] });
  }
  await write({ executions: [startOf("last")] });
  // What is on disk at this moment is what a kill would leave.
  cpSync(closed, killed, { recursive: true });
  await store[Symbol.asyncDispose]();
  return { closed, killed };
}

let copies = 0;

function copyOf(directory: string): string {
  const copy = join(root, `copy-${copies++}`);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(file, bytes);
}
