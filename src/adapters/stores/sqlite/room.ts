/**
 * Whether the disk has room for what is written next.
 *
 * SQLite notices a full disk write by write: a small one may find a place in the log while a large one does not, and what
 * is in between would be taken and refused by turns. So every write asks for a reserve first, and while that is not there
 * all of them are refused: the disk is full or it is not.
 *
 *     room ──the reserve is not free──────────► full ──it is free again──────────────► room
 *       └────SQLite finds no place (a quota)──► full ──a file of its size can be made──┘
 */

import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

import { StoreError } from "../../../ports/store.ts";

export interface Room {
  /** Throws `full` while there is less than the reserve. */
  demand(): void;
  /** SQLite found no place although the disk has some for others: there is room again once that is shown. */
  ranOut(): void;
}

/** A checkpoint of the longest log that is let grow in peace: what was committed must always find its way home. */
const RESERVE_BYTES = 4 * 1024 * 1024;

const MIB = 1024 * 1024;

/** While there is as much as this, it is not asked again for a moment: nothing fills a disk in so short a time. */
const PLENTY_BYTES = 1024 * MIB;
const ASK_AGAIN_MS = 20;

/** `bytesFree` is asked before each write; by default the file system of the directory says it. */
export function createRoom(directory: string, bytesFree: () => number = freeIn(directory)): Room {
  let hasRunOut = false;
  const proof = join(directory, "magicflow.room");

  return {
    demand() {
      const bytes = bytesFree();
      if (bytes < RESERVE_BYTES) throw full(`${(bytes / MIB).toFixed(1)} MiB of it are left`);
      if (!hasRunOut) return;
      if (!canHold(proof)) throw full("no file of that size can be written, perhaps because of a quota");
      hasRunOut = false;
    },

    ranOut() {
      hasRunOut = true;
    },
  };
}

/** What those may use who are not root: the same as root sees where nothing is set aside for it. */
function freeIn(directory: string): () => number {
  let known = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (known >= PLENTY_BYTES && now - askedAt < ASK_AGAIN_MS) return known;
    askedAt = now;
    try {
      const { bavail, bsize } = statfsSync(directory);
      known = bavail * bsize;
    } catch {
      // A file system that does not say is asked by writing to it.
      known = Number.POSITIVE_INFINITY;
    }
    return known;
  };
}

function canHold(file: string): boolean {
  try {
    const handle = openSync(file, "w", 0o600);
    try {
      const zeros = Buffer.alloc(MIB);
      for (let bytes = 0; bytes < RESERVE_BYTES; bytes += writeSync(handle, zeros));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    return true;
  } catch {
    return false;
  } finally {
    // Where it cannot be removed it is written over at the next try.
    rmSync(file, { force: true });
  }
}

function full(found: string): StoreError {
  return new StoreError(
    "full",
    `Expected ${RESERVE_BYTES / MIB} MiB to be free on the disk of the data directory, but ${found}: the disk is full. Free some space there, and everything goes on by itself.`,
  );
}
