/** Where a list of executions goes on: after a time of creation and an id, in one direction. Opaque to everybody else. */

import type { Instant } from "../../core/base/time.ts";
import { type ExecutionQuery, StoreError } from "../../ports/store.ts";

export interface Position {
  readonly createdAt: Instant;
  readonly id: string;
}

export function formatCursor(position: Position, oldestFirst: boolean): string {
  return Buffer.from(JSON.stringify([oldestFirst ? "up" : "down", position.createdAt, position.id])).toString(
    "base64url",
  );
}

/** Null where the query begins at the beginning. */
export function parseCursor(query: ExecutionQuery): Position | null {
  if (query.cursor === undefined) return null;
  const [direction, createdAt, id, ...more] = partsOf(query.cursor);
  if ((direction !== "up" && direction !== "down") || typeof createdAt !== "number" || typeof id !== "string")
    throw foreign();
  const position = { createdAt, id };
  // Decoding skips what is no base64url; only what we would write ourselves is ours.
  if (more.length > 0 || formatCursor(position, direction === "up") !== query.cursor) throw foreign();
  if ((direction === "up") !== (query.oldestFirst ?? false)) {
    throw new StoreError("cursor", "Expected a cursor of a list in the same order, but this one is of the other.");
  }
  return position;
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    throw foreign();
  }
}

function foreign(): StoreError {
  return new StoreError("cursor", "Expected a cursor from an earlier answer, but this one is not ours.");
}
