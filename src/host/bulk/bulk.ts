/**
 * One operation on many executions: what is asked, what becomes of it, and who does it.
 *
 *     counting ──all pages counted──► running ──last page done──► completed
 *         └───────────────── cancel ─────┴──────────────────────► cancelled
 *
 * It is a document in the store, and every page of it is written down before it is acted on, so it goes on after a crash
 * where it stopped. The commands that it sends carry ids made of its own and the execution's: sent twice, they count once.
 */

import type { Json } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import type { ExecutionQuery, ExecutionRow } from "../../ports/store.ts";
import type { Outcome } from "../refusal.ts";

export interface Bulks {
  /** Resolves once it is on disk; the work follows. */
  create(request: BulkRequest): Promise<Outcome<{ readonly bulk: Bulk; readonly isNew: boolean }>>;
  /** What would be chosen, and nothing is done. */
  preview(request: Pick<BulkRequest, "workspace" | "selection">): Promise<BulkPreview>;
  read(place: BulkPlace): Promise<Bulk | null>;
  /** Newest first. */
  list(query: {
    workspace: string;
    limit: number;
    cursor: string | null;
  }): Promise<{ readonly bulks: readonly Bulk[]; readonly nextCursor: string | null }>;
  /** What is done stays done; nothing further is begun. */
  cancel(place: BulkPlace): Promise<Outcome<{ readonly bulk: Bulk }>>;
  /** How many are being worked on. */
  readonly open: number;
}

export interface BulkPlace {
  readonly workspace: string;
  readonly id: string;
}

export interface BulkRequest {
  readonly workspace: string;
  readonly action: BulkAction;
  readonly selection: Selection;
  /** Asked twice under one key, it is done once. */
  readonly idempotencyKey: string | null;
}

/** What is done to each execution. */
export type BulkAction =
  | { readonly operation: "cancel"; readonly reason: string }
  | { readonly operation: "terminate"; readonly reason: string }
  | { readonly operation: "pause"; readonly freezeTimers: boolean }
  | { readonly operation: "resume" }
  | { readonly operation: "retry" }
  /** `input` null: that of before; else the new one is in it. */
  | { readonly operation: "rerun"; readonly input: { readonly value: Json } | null; readonly version: string | null }
  | { readonly operation: "signal"; readonly name: string; readonly data: Json };

/** Which executions. Those that begin after the operation was asked for are never among them. */
export type Selection =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "filter"; readonly filter: Filter };

export type Filter = Omit<ExecutionQuery, "workspace" | "limit" | "cursor" | "oldestFirst">;

export type BulkStatus = "counting" | "running" | "completed" | "cancelled";

export interface Bulk extends BulkPlace {
  readonly action: BulkAction;
  readonly selection: Selection;
  readonly status: BulkStatus;
  /** How many were found; while it counts, so far. What ends or changes meanwhile may fit no more when its turn comes. */
  readonly matched: number;
  readonly done: number;
  readonly failed: number;
  /** Of the first that failed. */
  readonly errors: readonly BulkError[];
  readonly createdAt: Instant;
  readonly finishedAt: Instant | null;
  /** The page that is being acted on, and where the next one begins; null: there is none. */
  readonly page: readonly string[];
  readonly next: { readonly cursor: string | null } | null;
  /** Under which key it was asked for. */
  readonly idempotencyKey: string | null;
}

export interface BulkError {
  readonly executionId: string;
  readonly code: string;
  readonly message: string;
}

export interface BulkPreview {
  readonly matched: number;
  /** False where there are more than were counted. */
  readonly isComplete: boolean;
  readonly sample: readonly ExecutionRow[];
}

/** So many errors are told one by one. */
export const BULK_ERRORS_MAX = 100;

export function isOpenBulk({ status }: Bulk): boolean {
  return status === "counting" || status === "running";
}
