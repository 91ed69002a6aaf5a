/**
 * Brings what the write-ahead log holds into the database file: between writes, when the log has grown past a bound, so
 * that no commit waits for the checkpoint it happened to trigger; and when nothing has been written for a while, which
 * also gives the log's space back.
 */

import type { DatabaseSync } from "node:sqlite";

export interface Checkpoints {
  /** After each commit. */
  wrote(): void;
  stop(): void;
}

/** Pages of 4 KiB. Each page that was written more than once since the last checkpoint is copied once. */
const LOG_PAGES_MAX = 4_000;

const IDLE_MS = 2_000;

export function createCheckpoints(db: DatabaseSync): Checkpoints {
  const selectLog = db.prepare("pragma wal_checkpoint(noop)");
  let isLooking = false;
  /** Above this the log is looked after again; a reader in the way of a checkpoint does not make every write try. */
  let pagesMax = LOG_PAGES_MAX;
  let idle: NodeJS.Timeout | null = null;

  function look(): void {
    isLooking = false;
    const pages = Number(selectLog.get()?.["log"] ?? 0);
    if (pages < LOG_PAGES_MAX) pagesMax = LOG_PAGES_MAX;
    if (pages < pagesMax) return;
    attempt("pragma wal_checkpoint(passive)");
    pagesMax = pages + LOG_PAGES_MAX;
  }

  function truncate(): void {
    idle = null;
    // Readers are not worth waiting for: the next idle moment comes.
    attempt("pragma busy_timeout = 0; pragma wal_checkpoint(truncate)");
    db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }

  function attempt(sql: string): void {
    try {
      db.exec(sql);
    } catch {
      // A checkpoint that fails (no space, an I/O error) loses nothing: everything is in the log, and it is tried again.
    }
  }

  return {
    wrote() {
      if (!isLooking) {
        isLooking = true;
        setImmediate(look);
      }
      if (idle === null) idle = setTimeout(truncate, IDLE_MS);
      else idle.refresh();
    },

    stop() {
      if (idle !== null) clearTimeout(idle);
    },
  };
}

/** How long a write waits for somebody else at the file, a backup for instance. */
export const BUSY_TIMEOUT_MS = 5_000;
