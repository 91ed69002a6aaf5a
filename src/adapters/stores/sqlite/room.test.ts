import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { StoreError } from "../../../ports/store.ts";
import { createRoom } from "./room.ts";

const directory = mkdtempSync(join(tmpdir(), "magicflow-room-"));
after(() => rmSync(directory, { recursive: true }));

const MIB = 1024 * 1024;

test("writes are refused while less than the reserve is free, and go on when it is", () => {
  let bytes = 10 * MIB;
  const room = createRoom(directory, () => bytes);
  room.demand();
  bytes = 1.5 * MIB;
  assert.throws(
    () => room.demand(),
    (error) =>
      error instanceof StoreError && error.kind === "full" && /but 1\.5 MiB of it are left/.test(error.message),
  );
  bytes = 4 * MIB;
  room.demand();
});

test("where SQLite found no place, a file must show that there is some; nothing of it stays", () => {
  const room = createRoom(directory);
  room.ranOut();
  room.demand();
  assert.deepEqual(readdirSync(directory), []);

  const nowhere = createRoom(join(directory, "not-there"), () => 10 * MIB);
  nowhere.ranOut();
  assert.throws(() => nowhere.demand(), /perhaps because of a quota/);
});
