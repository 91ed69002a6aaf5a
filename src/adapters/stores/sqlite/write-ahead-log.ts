/**
 * Reads SQLite's write-ahead log as far as it is sound, by the format that SQLite documents: a header, then frames, each a
 * page with a checksum over itself and everything before it. The last frame of a transaction says how many pages the
 * database has then.
 *
 * A log always ends somewhere in frames that mean nothing: left over from before its last restart, which other salts show,
 * or torn by the death of the machine in the middle of the last write. A frame that is broken *before* two commits was not
 * torn, for each commit was on disk before the next was begun.
 */

import { closeSync, openSync, readSync } from "node:fs";

export type Log =
  | {
      readonly kind: "sound";
      readonly commits: number;
      /** Pages that are in it, committed. */
      readonly pages: ReadonlySet<number>;
      /** How many pages the database has after the last commit. */
      readonly databasePages: number;
    }
  | { readonly kind: "broken"; readonly reason: string };

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The last bit says in which order of bytes the checksums were made. */
const MAGIC = 0x377f0682;
const READ_BYTES = 4 * 1024 * 1024;

const EMPTY: Log = { kind: "sound", commits: 0, pages: new Set(), databasePages: 0 };

/** A file that is not there is an empty log. */
export function readLog(file: string): Log {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    return EMPTY;
  }
  try {
    return readFrames(handle);
  } finally {
    closeSync(handle);
  }
}

function readFrames(handle: number): Log {
  const header = Buffer.alloc(HEADER_BYTES);
  const read = readSync(handle, header, 0, HEADER_BYTES, 0);
  if (read === 0) return EMPTY;
  const magic = header.readUInt32BE(0);
  const sum = createChecksum(magic === MAGIC);
  sum.add(header.subarray(0, 24));
  if (read < HEADER_BYTES || (magic & ~1) !== MAGIC || !sum.is(header.readUInt32BE(24), header.readUInt32BE(28)))
    return { kind: "broken", reason: "its header cannot be read, so that nobody knows what was written last" };

  const salts = header.subarray(16, 24);
  const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
  const pages = new Set<number>();
  let uncommitted: number[] = [];
  let databasePages = 0;
  let commits = 0;
  let isBroken = false;
  let commitsAfter = 0;
  for (const frame of framesOf(handle, frameBytes)) {
    const isOurs = frame.subarray(8, 16).equals(salts);
    const isCommit = frame.readUInt32BE(4) !== 0;
    if (!isBroken) {
      sum.add(frame.subarray(0, 8));
      sum.add(frame.subarray(FRAME_HEADER_BYTES));
      isBroken = !isOurs || !sum.is(frame.readUInt32BE(16), frame.readUInt32BE(20));
    }
    if (isBroken) {
      if (isOurs && isCommit) commitsAfter += 1;
      continue;
    }
    uncommitted.push(frame.readUInt32BE(0));
    if (!isCommit) continue;
    for (const page of uncommitted) pages.add(page);
    uncommitted = [];
    databasePages = frame.readUInt32BE(4);
    commits += 1;
  }
  if (commitsAfter > 1)
    return { kind: "broken", reason: `it is damaged after ${commits} writes, and there are others behind them` };
  return { kind: "sound", commits, pages, databasePages };
}

function* framesOf(handle: number, frameBytes: number): Iterable<Buffer> {
  const chunk = Buffer.alloc(Math.max(1, Math.floor(READ_BYTES / frameBytes)) * frameBytes);
  let position = HEADER_BYTES;
  for (;;) {
    const read = readSync(handle, chunk, 0, chunk.length, position);
    const whole = Math.floor(read / frameBytes);
    for (let n = 0; n < whole; n++) yield chunk.subarray(n * frameBytes, (n + 1) * frameBytes);
    if (whole === 0) return;
    position += whole * frameBytes;
  }
}

interface Checksum {
  add(bytes: Buffer): void;
  is(first: number, second: number): boolean;
}

/** Two running sums over pairs of 32-bit words. */
function createChecksum(isLittleEndian: boolean): Checksum {
  let first = 0;
  let second = 0;
  return {
    add(bytes) {
      const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at < bytes.length; at += 8) {
        first = (first + words.getUint32(at, isLittleEndian) + second) >>> 0;
        second = (second + words.getUint32(at + 4, isLittleEndian) + first) >>> 0;
      }
    },
    is: (expectedFirst, expectedSecond) => first === expectedFirst && second === expectedSecond,
  };
}
