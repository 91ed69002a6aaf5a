/**
 * Looks at the files of a store before SQLite does. SQLite takes an empty file for a new database and a log that it cannot
 * read for an empty one: what was lost would never be missed. Here both are errors, with the file and what to do.
 *
 *     magicflow.store   says that there was a database: one that is gone or empty was not always so
 *     magicflow.db      must begin as a database does, and be as long as its log and header say
 *     magicflow.db-wal  must be readable up to the last commit; only the very last one may be torn, by a power cut
 */

import { closeSync, existsSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { StoreError } from "../../../ports/store.ts";
import { DATABASE_FILE } from "./schema.ts";
import { type Log, readLog } from "./write-ahead-log.ts";

const MARKER_FILE = "magicflow.store";

const MAGIC = "SQLite format 3\0";

const HEADER_BYTES = 100;

export function checkFiles(directory: string): void {
  const file = join(directory, DATABASE_FILE);
  const log = readLog(`${file}-wal`);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) {
    const wasThere = existsSync(join(directory, MARKER_FILE)) || log.kind === "broken" || log.commits > 0;
    if (wasThere) throw unsound(file, "it is gone or empty, although there was a database here");
    return;
  }
  const header = readHeader(file);
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw unsound(file, "it does not begin as a database does");
  if (log.kind === "broken") throw unsound(`${file}-wal`, log.reason);
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = Math.floor(bytes / pageBytes);
  const missing = missingPage(header, pages, log);
  if (missing !== null) throw unsound(file, `page ${missing} is missing: it ends after ${pages} pages`);
}

/** From now on an empty database is a lost one. */
export function markStore(directory: string): void {
  const marker = join(directory, MARKER_FILE);
  if (existsSync(marker)) return;
  try {
    writeFileSync(marker, `There is a database of Magic Flow in this folder: ${DATABASE_FILE}.\n`, { mode: 0o600 });
  } catch {
    // On a full disk the store should open, for its reads; the next start marks it.
  }
}

/** What SQLite itself finds, with the file and what to do. */
export function unsound(file: string, found: string): StoreError {
  return new StoreError(
    "corrupt",
    `Expected ${file} to be sound, but ${found}. Nothing was changed. Put a backup of the whole data directory in its place; or move the directory away and start with an empty one.`,
  );
}

/** The first page that neither the file nor its log has; null: all are there. */
function missingPage(header: Buffer, pages: number, log: Extract<Log, { kind: "sound" }>): number | null {
  // The header's count is only up to date where SQLite says so, and never while the log has newer ones.
  const isCounted = header.readUInt32BE(24) === header.readUInt32BE(92);
  const needed = log.commits > 0 ? log.databasePages : isCounted ? header.readUInt32BE(28) : 0;
  for (let page = pages + 1; page <= needed; page++) if (!log.pages.has(page)) return page;
  return null;
}

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(file, "r");
  try {
    readSync(handle, header);
  } finally {
    closeSync(handle);
  }
  return header;
}
