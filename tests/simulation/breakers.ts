/**
 * The witness of circuit breakers: their rows as they are committed, and what must hold of calls by them.
 *
 *     nothing is called between "open" and "until"          at every commit
 *     no more calls are let through than may be             at every commit
 *     a failure opens what one failure is to open           at the end
 *     nobody is left in a line, and no permit is kept       at the end
 */

import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { Breaker, Caller } from "../../src/core/shared/breaker-state.ts";
import type { ShardBatch, SharedWrite } from "../../src/ports/store.ts";
import type { Disk } from "./disk.ts";
import type { Fail } from "./world.ts";

export interface BreakerRecorded {
  row: Pick<Breaker, "phase" | "since" | "until" | "settings"> | null;
  readonly members: Map<string, Caller & { readonly hasPermit: boolean }>;
  /** What it was after each commit that changed it. */
  readonly phases: { readonly commit: number; readonly phase: Breaker["phase"] }[];
}

/** As in the breaker: a call that has not ended by then keeps its place no longer. */
const PERMIT_MS_MIN = 60_000;

const TRANSITIONS = "transitions";

export interface BreakerWitness {
  readonly breakers: ReadonlyMap<string, BreakerRecorded>;
  /** Before the batch is noted. */
  check(batches: readonly ShardBatch[]): void;
  note(batch: ShardBatch, commit: number): void;
}

export function createBreakerWitness(fail: Fail): BreakerWitness {
  const breakers = new Map<string, BreakerRecorded>();

  function checkCall(event: HistoryEvent, executionId: string): void {
    if (event.type !== "StepScheduled" || event.data.circuit === undefined) return;
    const { target } = event.data.circuit;
    const row = breakers.get(target)?.row ?? null;
    if (row?.phase !== "open" || row.until === null) return;
    const at = Date.parse(event.at);
    if (at < row.since || at >= row.until) return;
    fail("nothing is called while its breaker is open", `${executionId} calls ${target} at ${event.at}.`);
  }

  function noteRow({ key, member, body }: SharedWrite, commit: number): void {
    const recorded: BreakerRecorded = breakers.get(key) ?? { row: null, members: new Map(), phases: [] };
    breakers.set(key, recorded);
    if (member === "") {
      recorded.row = body as unknown as BreakerRecorded["row"];
      recorded.phases.push({ commit, phase: recorded.row?.phase ?? "closed" });
    } else if (member !== TRANSITIONS) {
      if (body === null) recorded.members.delete(member);
      else recorded.members.set(member, body as unknown as Caller & { hasPermit: boolean });
    }
  }

  function checkPermits(target: string, { row, members }: BreakerRecorded): void {
    const permits = [...members.values()].filter(({ hasPermit }) => hasPermit);
    const settings = row?.settings ?? null;
    if (settings === null || permits.length <= settings.halfOpenCallsMax) return;
    const newest = Math.max(...permits.map(({ since }) => since));
    const heldMs = Math.max(PERMIT_MS_MIN, settings.recoveryTimeoutMs);
    const counting = permits.filter(({ since }) => since > newest - heldMs);
    if (counting.length > settings.halfOpenCallsMax) {
      fail("no more calls are let through than may be", `${counting.length} have a permit of ${target}.`);
    }
  }

  return {
    breakers,
    check(batches) {
      for (const { executionId, events } of batches.flatMap(({ executions }) => executions)) {
        for (const text of events?.text.split("\n") ?? []) checkCall(JSON.parse(text) as HistoryEvent, executionId);
      }
    },
    note(batch, commit) {
      const rows = batch.putShared.filter(({ kind }) => kind === "breaker");
      for (const row of rows) noteRow(row, commit);
      for (const target of new Set(rows.map(({ key }) => key))) {
        const recorded = breakers.get(target);
        if (recorded !== undefined) checkPermits(target, recorded);
      }
    },
  };
}

/** After everything has ended. All breakers of the scenarios open at the first failure. */
export function checkBreakers(disk: Disk, fail: Fail): void {
  for (const [target, { members }] of disk.breakers) {
    const [left] = members.values();
    if (left === undefined) continue;
    const what = left.hasPermit ? "has a permit" : "stands in line";
    fail("nobody waits for a breaker for ever", `${left.taskId} ${what} of ${target}, though all has ended.`);
  }
  for (const recorded of disk.records.values()) {
    // What was copied from another execution has been told by that.
    const forkedAt = recorded.events.findLastIndex(({ type }) => type === "ExecutionForked");
    recorded.events.forEach((event, i) => {
      if (i < forkedAt) return;
      const data = event.data as { readonly circuit?: { readonly target: string; readonly outcome?: string } };
      if (data.circuit?.outcome !== "failure") return;
      const { target } = data.circuit;
      const commit = recorded.places[i]?.commit ?? 0;
      const phases = disk.breakers.get(target)?.phases ?? [];
      const then = phases.findLast((each) => each.commit <= commit)?.phase ?? "closed";
      const opens = phases.some((each) => each.phase === "open" && each.commit >= commit);
      if (then === "closed" && !opens) {
        fail("a failure is told", `${recorded.id}: event ${event.seq} is a failure of ${target}, which did not open.`);
      }
    });
  }
}
