/**
 * The witness of limits: who runs under which key by the histories, and what is stored of slots, quiet times and rates.
 *
 *     no more run under a key than its limit says           after every commit
 *     nobody is granted what it has already                 after every commit
 *     who was turned away is told why                       at the end
 *     nobody holds or waits for anything                    at the end
 */

import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { SlotNeed } from "../../src/core/engine/sharing.ts";
import type { ShardBatch, SharedWrite } from "../../src/ports/store.ts";
import type { Disk, Recorded } from "./disk.ts";
import type { Fail } from "./world.ts";

export interface LimitWitness {
  /** What is stored of slots and quiet times: by kind and key, and by member. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, SharedWrite>>;
  noteRows(batch: ShardBatch): void;
  noteEvent(executionId: string, event: HistoryEvent): void;
  /** All that a commit brought has been noted. */
  check(): void;
}

export function createLimitWitness(fail: Fail): LimitWitness {
  const rows = new Map<string, Map<string, SharedWrite>>();
  /** Of each execution, what it waits for or has got. */
  const needs = new Map<string, readonly SlotNeed[]>();
  /** By key, with the limit that each who has got one brought along. */
  const holders = new Map<string, Map<string, number>>();
  const touched = new Set<string>();

  function letGo(executionId: string): void {
    for (const each of holders.values()) each.delete(executionId);
  }

  function grant(executionId: string, key: string): void {
    const need = needs.get(executionId)?.find((each) => each.key === key);
    if (need?.kind !== "slots") return;
    const held = holders.get(key) ?? new Map<string, number>();
    holders.set(key, held);
    if (held.has(executionId)) fail("nobody is admitted twice", `${executionId} has got "${key}" a second time.`);
    held.set(executionId, need.limit);
    touched.add(key);
  }

  return {
    rows,
    noteRows({ putShared }) {
      for (const row of putShared) {
        if (row.kind === "breaker") continue;
        const place = `${row.kind} ${row.key}`;
        const members = rows.get(place) ?? new Map<string, SharedWrite>();
        rows.set(place, members);
        if (row.body === null) members.delete(row.member);
        else members.set(row.member, row);
      }
    },
    noteEvent(executionId, event) {
      switch (event.type) {
        case "ExecutionQueued":
          needs.set(executionId, event.data.slots);
          return;
        case "InputReplaced":
          if (event.data.slots !== undefined) needs.set(executionId, event.data.slots);
          return;
        case "SlotGranted":
          return grant(executionId, event.data.key);
        case "SlotsReleased":
        // What was copied from another execution is held by that.
        case "ExecutionForked":
        case "ExecutionCompleted":
        case "ExecutionFailed":
        case "ExecutionCancelled":
        case "ExecutionTimedOut":
          return letGo(executionId);
      }
    },
    check() {
      for (const key of touched) {
        const held = holders.get(key) ?? new Map<string, number>();
        const limit = Math.max(0, ...held.values());
        if (held.size > limit)
          fail("no more run than the limit says", `${[...held.keys()].join(", ")} run under "${key}" at ${limit}.`);
      }
      touched.clear();
    },
  };
}

/** What a queued execution waits for, as far as what is stored tells. */
export type InLine =
  | { readonly kind: "others" }
  | { readonly kind: "time"; readonly until: number }
  | { readonly kind: "nothing"; readonly why: string };

export function lookInLine({ rows }: LimitWitness, executionId: string, { kind, key }: SlotNeed): InLine {
  const members = rows.get(`${kind} ${key}`) ?? new Map<string, SharedWrite>();
  const own = members.get(kind === "debounce" ? "" : executionId)?.body as
    | { readonly state?: string; readonly executionId?: string; readonly until?: number }
    | undefined;
  if (kind === "debounce") {
    if (own?.executionId !== executionId) return { kind: "nothing", why: `is not known to "${key}".` };
    return { kind: "time", until: own.until ?? 0 };
  }
  if (own?.state === "held") return { kind: "nothing", why: `has not heard that it has a slot of "${key}".` };
  if (own === undefined) return { kind: "nothing", why: `does not stand in the line of "${key}".` };
  const isFull = [...members.values()].some(({ body }) => (body as { readonly state?: string }).state === "held");
  return isFull ? { kind: "others" } : { kind: "nothing", why: `stands in the line of "${key}", where nobody runs.` };
}

/** After everything has ended. */
export function checkLimits({ limits, records }: Disk, fail: Fail): void {
  for (const [place, members] of limits.rows) {
    const [left] = members.keys();
    if (left !== undefined) fail("nothing is held when all has ended", `"${left}" is left of ${place}.`);
  }
  for (const recorded of records.values()) checkReason(recorded, fail);
}

/** Cancelled without anybody having asked: then there was no slot for it. */
function checkReason({ id, events }: Recorded, fail: Fail): void {
  const last = events.at(-1);
  if (last?.type !== "ExecutionCancelled" || last.data.terminated) return;
  const isAsked = events.some(
    (event) =>
      event.type === "ExecutionCancelRequested" ||
      (event.type === "ExecutionReopened" && event.data.compensates !== undefined),
  );
  if (!isAsked && !last.data.reason.startsWith("Dropped:"))
    fail("who is turned away is told why", `${id} was cancelled: ${last.data.reason}`);
}
