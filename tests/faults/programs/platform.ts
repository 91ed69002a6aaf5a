/**
 * The platform over a store and a clock that can be made bad: for machines on which nothing can stand between the real
 * program and the system. Takes the arguments of `magicflow start` that the tests give.
 */

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createSystemClock } from "../../../src/adapters/clock.ts";
import { openSqliteStore } from "../../../src/adapters/stores/sqlite/store.ts";
import { openPlatform } from "../../../src/assemble.ts";
import { readConfig } from "../../../src/config/read.ts";
import { type Store, StoreError } from "../../../src/ports/store.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { port: { type: "string" }, "dashboard-port": { type: "string" }, "data-dir": { type: "string" } },
});
const read = readConfig({
  file: null,
  environment: {},
  readSecretFile: () => null,
  flags: {
    "server.port": values.port ?? "",
    "server.dashboard_port": values["dashboard-port"] ?? "",
    data_dir: values["data-dir"] ?? "",
  },
});
if (!read.ok) throw new Error(JSON.stringify(read));
const { config } = read;
const clock = createSystemClock();
const platform = await openPlatform({
  config,
  version: "0.0.0",
  store: onBadDisk(await openSqliteStore({ directory: config.dataDirectory })),
  clock: { ...clock, now: () => clock.now() + suffered().clockOffsetMs },
  report: (error, about) => console.error(JSON.stringify({ level: 50, msg: about, error: String(error) })),
});
console.log(`  web         ${platform.url}
  dashboard   ${platform.dashboardUrl}
  data        ${config.dataDirectory}
  config      defaults`);
process.once("SIGTERM", () => {
  void platform[Symbol.asyncDispose]().then(() => process.exit(0));
});

function suffered(): { syncErrno: number; writeErrno: number; delayMs: number; clockOffsetMs: number } {
  const bytes = readFileSync(process.env["FAULTS_CONTROL"] ?? "");
  return {
    syncErrno: bytes.readInt32LE(0),
    writeErrno: bytes.readInt32LE(4),
    delayMs: bytes.readInt32LE(8),
    clockOffsetMs: Number(bytes.readBigInt64LE(16)),
  };
}

/** Fails before the write or, like an fsync, after it: then it may be on disk although nobody was told. */
function onBadDisk(store: Store): Store {
  const NO_SPACE = 28;
  async function write<T>(work: () => Promise<T>): Promise<T> {
    const { syncErrno, writeErrno, delayMs } = suffered();
    if (writeErrno === NO_SPACE) throw new StoreError("full", "Expected room on the disk, but it is full.");
    if (writeErrno !== 0) throw new StoreError("unknown", "Expected the disk to take it, but it reports an I/O error.");
    const answer = await work();
    if (delayMs > 0) await pause(delayMs);
    if (syncErrno !== 0) throw new StoreError("unknown", "Expected the disk to keep it, but it reports an I/O error.");
    return answer;
  }
  return {
    ...store,
    acquire: (shard) => write(() => store.acquire(shard)),
    append: (batches) => write(() => store.append(batches)),
    check: () => (suffered().writeErrno === NO_SPACE ? write(() => store.check()) : store.check()),
    documents: { ...store.documents, put: (writes) => write(() => store.documents.put(writes)) },
  };
}
