/**
 * One process for one data directory.
 *
 * The lock is an exclusive transaction on a small SQLite file beside the database, held until the store is closed: the
 * kernel lets go of it when the process dies, however it dies, so there is nothing stale to clean up. A second file tells
 * who holds it, for the message alone.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StoreError } from "../../../ports/store.ts";
import { isBusy } from "./failure.ts";

/** Held as long as it is open. */
export function openLock(directory: string): DatabaseSync {
  const lock = new DatabaseSync(join(directory, "magicflow.lock"));
  const ownerFile = join(directory, "magicflow.pid");
  try {
    // Nothing is ever written to it, so its journal needs no file: a full disk should not keep the store from opening.
    lock.exec("pragma journal_mode = memory");
    lock.exec("begin exclusive");
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cause;
    throw new StoreError(
      "gone",
      `Expected the data directory ${directory} to be free, but ${ownerOf(ownerFile)} has it open. Stop that one, or use another directory.`,
      { cause },
    );
  }
  tellOwner(ownerFile);
  return lock;
}

function tellOwner(ownerFile: string): void {
  try {
    writeFileSync(ownerFile, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the store should open, for its reads; somebody else's message is then less precise.
  }
}

function ownerOf(ownerFile: string): string {
  try {
    return `process ${readFileSync(ownerFile, "utf8").trim()}`;
  } catch {
    // It has the lock and has not written its number yet.
    return "another process";
  }
}
