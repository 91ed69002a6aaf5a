/**
 * The host as the server sees it: everything that can be asked of executions.
 *
 *     server ──request──► host ──command──► shard loop ──decide──► commit ──► reply
 *
 * Each method that changes something resolves after its commit is on disk, never before. Refusals are values; what is
 * thrown is a bug. The workspace is always given and always checked: an execution of another workspace does not exist.
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { Instant } from "../core/base/time.ts";
import type { SlotNeed } from "../core/engine/sharing.ts";
import type { EventPack, ExecutionQuery, ExecutionRow, HistorySize } from "../ports/store.ts";
import type { Bulks } from "./bulk/bulk.ts";
import type { Changes } from "./changes.ts";
import type { Counters } from "./counters.ts";
import type { Definitions } from "./definitions.ts";
import type { Executors } from "./executors.ts";
import type { Letters } from "./letters/letters.ts";
import type { Outcome } from "./refusal.ts";
import type { Breakers } from "./shared/breakers.ts";
import type { LimitState, LineFacts } from "./shared/line.ts";

export interface Host extends AsyncDisposable {
  readonly definitions: Definitions;
  readonly executors: Executors;
  readonly breakers: Breakers;
  /** Operations on many executions at once. */
  readonly bulks: Bulks;
  /** What failed for good. */
  readonly letters: Letters;

  start(request: StartRequest): Promise<Outcome<Started>>;
  /** In the order of the requests; each is accepted or refused by itself. All that is accepted is one group commit. */
  startMany(requests: readonly StartRequest[]): Promise<readonly Outcome<Started>[]>;

  cancel(request: {
    workspace: string;
    executionId: string;
    commandId: string;
    reason: string;
  }): Promise<Outcome<object>>;
  terminate(request: {
    workspace: string;
    executionId: string;
    commandId: string;
    reason: string;
  }): Promise<Outcome<object>>;
  pause(request: {
    workspace: string;
    executionId: string;
    commandId: string;
    freezeTimers: boolean;
  }): Promise<Outcome<object>>;
  resume(request: { workspace: string; executionId: string; commandId: string }): Promise<Outcome<object>>;
  signal(request: {
    workspace: string;
    executionId: string;
    commandId: string;
    name: string;
    data: Json;
  }): Promise<Outcome<object>>;
  /** Takes it out of quarantine, if what is stored of it can be worked with; else refused with the reason of now. */
  resetQuarantine(request: { workspace: string; executionId: string }): Promise<Outcome<object>>;
  /** Re-opens: failed and cancelled steps begin again. */
  retry(request: { workspace: string; executionId: string; commandId: string }): Promise<Outcome<object>>;
  /** Ends a step by hand: skipped, or completed with `output`. `by` is who asks, for the audit. */
  skipStep(request: StepByHand): Promise<Outcome<object>>;
  completeStep(request: StepByHand & { output: Json }): Promise<Outcome<object>>;
  /** Re-opens one that has ended, undoes what completed in it, and cancels it. */
  compensate(request: {
    workspace: string;
    executionId: string;
    commandId: string;
    reason: string;
    by: string;
  }): Promise<Outcome<object>>;
  /**
   * A new execution from an old one, with its input or another: from the start, on its version or another; or `from` a
   * step or history event, with the history before it copied.
   */
  rerun(request: RerunRequest): Promise<Outcome<Started>>;
  /** An event of the workspace: wakes the waits that fit, and is kept for those that begin later if it has a key. */
  publish(event: {
    workspace: string;
    id: string;
    name: string;
    data: Json;
    correlationKey: string | null;
  }): Promise<Outcome<object>>;

  /** The row after everything that was committed; for an execution in memory, after the write in flight too. */
  read(request: { workspace: string; executionId: string }): Promise<ExecutionRow | null>;
  /** Stored packs from `afterSeq` on (the first may begin earlier). Null: no such execution. */
  readHistory(request: {
    workspace: string;
    executionId: string;
    afterSeq: number;
    bytesMax: number;
  }): Promise<readonly EventPack[] | null>;
  /** How long the history is that is stored. */
  measureHistory(executionId: string): Promise<HistorySize>;
  find(query: ExecutionQuery): Promise<{ readonly rows: readonly ExecutionRow[]; readonly nextCursor: string | null }>;
  count(query: { workspace: string; workflow: string | null }): Promise<Readonly<Record<string, number>>>;
  /** Resolves true when the execution has ended (its terminal event is on disk), false after `timeoutMs` or abort. */
  waitForEnd(request: {
    workspace: string;
    executionId: string;
    timeoutMs: number;
    signal: AbortSignal;
    /** Told how it ended, before the answer and only if that was heard as it was committed: else the store has to be asked. */
    heard?: (end: HeardEnd) => void;
  }): Promise<boolean>;
  /**
   * Every committed event after `afterSeq`, once, in order: first from the store, then live. Ends when the execution has
   * ended and nothing is left, at abort, when the host is closed, or when the reader is 1 MiB behind: then it follows
   * again from the last number it has. Null: no such execution.
   */
  follow(request: {
    workspace: string;
    executionId: string;
    afterSeq: number;
    signal: AbortSignal;
  }): Promise<AsyncIterable<EventPack> | null>;
  /** Which tasks of an execution are leased, for showing `running` instead of `scheduled`: path -> since when, by whom. */
  leasesOf(executionId: string): ReadonlyMap<
    string,
    {
      readonly since: Instant;
      readonly instance: string;
      readonly progress: number | null;
      readonly message: string | null;
    }
  >;

  /** Where an execution stands that waits for a slot; null: nothing is known of it here. */
  lineOf(request: { workspace: string; executionId: string; need: SlotNeed }): LineFacts | null;
  /** How the limits stand under which somebody runs or waits. */
  limits(workspace: string): readonly LimitState[];
  /** Takes one of `limit` in `periodMs` from the rate of `key`, durably. */
  takeRate(request: {
    workspace: string;
    key: string;
    limit: number;
    periodMs: number;
  }): Promise<Outcome<{ readonly isTaken: boolean; readonly remaining: number; readonly nextInMs: number }>>;

  /** Every execution whose row changes, once that is on disk. */
  readonly changes: Pick<Changes, "listen">;
  health(): HostHealth;
  /** What the watchdog has found of an execution that stands still in spite of it; null: nothing. */
  standstillOf(executionId: string): string | null;
  readonly counters: Counters;
}

export interface StepByHand {
  readonly workspace: string;
  readonly executionId: string;
  readonly commandId: string;
  readonly path: string;
  readonly reason: string;
  readonly by: string;
}

export interface RerunRequest {
  readonly workspace: string;
  readonly executionId: string;
  readonly commandId: string;
  readonly input: Json | undefined;
  readonly version: string | null;
  /** Absent: from the start. */
  readonly from?: RerunPlace;
  /** What the step named in `from` gets in place of its own input. */
  readonly stepInput?: Json;
  /** The old one is terminated, by the commit that begins the new one. Only with `from`. */
  readonly terminatesOrigin?: boolean;
}

/** Just before the step at a path began, or just after an event. */
export type RerunPlace = { readonly step: string } | { readonly event: number };

export interface StartRequest {
  readonly workspace: string;
  readonly workflow: string;
  /** Null: the active version. */
  readonly version: string | null;
  readonly input: Json;
  readonly metadata: JsonObject;
  /** 0 to 9. */
  readonly priority: number;
  readonly timeoutMs: number | null;
  /** Chosen by the caller; not together with `idempotencyKey`. */
  readonly executionId: string | null;
  readonly idempotencyKey: string | null;
}

export interface Started {
  readonly row: ExecutionRow;
  /** False where the key or id was known and this is the execution of before. */
  readonly isNew: boolean;
}

/** An execution that has just ended: its row, and its last event as it is stored. */
export interface HeardEnd {
  readonly row: ExecutionRow;
  readonly event: string;
}

export interface HostHealth {
  readonly status: "ok" | "degraded" | "failing";
  readonly store: { readonly status: "ok" | "failing"; readonly error: string | null; readonly lastWriteMs: number };
  readonly shards: readonly {
    readonly shard: number;
    readonly status: "running" | "loading" | "stopped";
    readonly inbox: number;
    readonly inMemory: number;
  }[];
  readonly executionsInMemory: number;
  readonly quarantined: number;
  readonly loopDelayMs: number;
  /** Executions that nothing would have moved: how many were found and mended so far, and how many stand still now. */
  readonly watchdog: { readonly found: number; readonly mended: number; readonly standing: number };
}
