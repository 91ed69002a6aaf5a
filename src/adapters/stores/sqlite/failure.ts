/** What SQLite reports, in the words of the port; and how an error crosses from a thread to its caller. */

import { StoreError, type StoreErrorKind } from "../../../ports/store.ts";

/** An error as it travels: a class does not survive the way between threads. */
export interface Failure {
  readonly kind: StoreErrorKind;
  readonly message: string;
}

const SQLITE_BUSY = 5;

const SQLITE_CORRUPT = 11;

const SQLITE_FULL = 13;

const SQLITE_NOTADB = 26;

/** SQLite's primary result codes that mean something to a caller. */
const KINDS: ReadonlyMap<number, StoreErrorKind> = new Map([
  [SQLITE_BUSY, "gone"], // Somebody else holds the file beyond our patience.
  [8, "gone"], // SQLITE_READONLY
  [SQLITE_CORRUPT, "corrupt"],
  [SQLITE_FULL, "full"],
  [14, "gone"], // SQLITE_CANTOPEN
  [18, "conflict"], // SQLITE_TOOBIG
  [19, "conflict"], // SQLITE_CONSTRAINT
  [SQLITE_NOTADB, "corrupt"],
]);

/** `otherwise` is said of what has no better name: an I/O error of a write leaves open what is on disk. */
export function toStoreError(error: unknown, otherwise: "gone" | "unknown"): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const kind = KINDS.get(primaryCodeOf(error)) ?? otherwise;
  return new StoreError(kind, `Expected SQLite to do its work, but it reports: ${message}.`, { cause: error });
}

export function toFailure(error: unknown, otherwise: "gone" | "unknown"): Failure {
  const { kind, message } = toStoreError(error, otherwise);
  return { kind, message };
}

/** Whether somebody else holds what was asked for. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === SQLITE_BUSY;
}

export function isCorrupt(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

export function isFull(error: unknown): boolean {
  return primaryCodeOf(error) === SQLITE_FULL;
}

/** Extended codes carry the primary one in their low byte. */
function primaryCodeOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return 0;
  return typeof error.errcode === "number" ? error.errcode & 0xff : 0;
}
