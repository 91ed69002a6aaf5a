/**
 * Brings what the write-ahead log holds into the database file: between writes, when the log has grown past a bound, so
 * that no commit waits for the checkpoint it happened to trigger; and when nothing has been written for a while.
 *
 * A log of usual length stays as long as it is: overwriting it takes a third of the time of an fsync that makes it longer.
 * One that has grown beyond that gives its space back when there is time.
 */

import type { DatabaseSync } from "node:sqlite";

import { collectorOfNode } from "../../heap.ts";

export interface Checkpoints {
  /** After each commit. */
  wrote(): void;
  stop(): void;
}

/**
 * Pages of 4 KiB. A longer log copies a page less often, a shorter one stops the writes behind it for less: 5 ms for this
 * many, 16 ms for four times as many, which gains 2 percent.
 */
const LOG_PAGES_MAX = 1_000;

/** How long a write waits for somebody else at the file, a backup for instance. */
export const BUSY_TIMEOUT_MS = 5_000;

const IDLE_MS = 2_000;

/** A log that is longer than this was in the way of readers for a while; it is cut. */
const LOG_PAGES_KEPT = 4 * LOG_PAGES_MAX;

export function createCheckpoints(db: DatabaseSync): Checkpoints {
  const selectLog = db.prepare("pragma wal_checkpoint(noop)");
  let isLooking = false;
  /** Above this the log is looked after again; a reader in the way of a checkpoint does not make every write try. */
  let pagesMax = LOG_PAGES_MAX;
  let idle: NodeJS.Timeout | null = null;

  function look(): void {
    isLooking = false;
    attempt(() => {
      const pages = Number(selectLog.get()?.["log"]);
      if (pages < LOG_PAGES_MAX) pagesMax = LOG_PAGES_MAX;
      if (pages < pagesMax) return;
      pagesMax = pages + LOG_PAGES_MAX;
      db.exec("pragma wal_checkpoint(passive)");
    });
  }

  function tidy(): void {
    idle = null;
    attempt(() => {
      const isLong = Number(selectLog.get()?.["log"]) > LOG_PAGES_KEPT;
      // Readers are not worth waiting for: the next idle moment comes.
      db.exec(`pragma busy_timeout = 0; pragma wal_checkpoint(${isLong ? "truncate" : "passive"})`);
    });
    attempt(() => db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`));
    // The thread's own heap, and the pages that SQLite has in memory: an idle store needs neither.
    collectorOfNode()?.();
    attempt(() => db.exec("pragma shrink_memory"));
  }

  return {
    wrote() {
      if (!isLooking) {
        isLooking = true;
        setImmediate(look);
      }
      if (idle === null) idle = setTimeout(tidy, IDLE_MS);
      else idle.refresh();
    },

    stop() {
      if (idle !== null) clearTimeout(idle);
    },
  };
}

/** A checkpoint that fails (no space, an I/O error) loses nothing: everything is in the log, and the next one tries again. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Whoever writes next is told, if it concerns them.
  }
}
