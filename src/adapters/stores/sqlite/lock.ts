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

/** Held as long as it is open. */
export function openLock(directory: string): DatabaseSync {
  const lock = new DatabaseSync(join(directory, "magicflow.lock"));
  const ownerFile = join(directory, "magicflow.pid");
  try {
    lock.exec("begin exclusive");
  } catch (cause) {
    lock.close();
    throw new StoreError(
      "gone",
      `Expected the data directory ${directory} to be free, but ${ownerOf(ownerFile)} has it open. Stop that one, or use another directory.`,
      { cause },
    );
  }
  writeFileSync(ownerFile, `${process.pid}\n`);
  return lock;
}

function ownerOf(ownerFile: string): string {
  try {
    return `process ${readFileSync(ownerFile, "utf8").trim()}`;
  } catch {
    // It has the lock and has not written its number yet.
    return "another process";
  }
}
