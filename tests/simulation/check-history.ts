/** What must hold of a whole history: it can be replayed, each attempt ends once, and nothing fires before its time. */

import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { isLast, type Recorded } from "./disk.ts";
import { replayed } from "./histories.ts";
import type { World } from "./world.ts";

/** What the storm has left on its way has arrived by then. */
const STORM_ECHO_MS = 40_000;

/** Who sleeps on disk is looked for each five seconds, which matters only if the clock jumps. */
const LATE_MS = 6500;

export function checkHistory(world: World, recorded: Recorded): void {
  const { id, row, events } = recorded;
  const execution = replayed(recorded);
  if (execution.status !== row.status) {
    world.fail("a replay gives the stored state", `${id} is ${row.status}, and ${execution.status} by its history.`);
  }
  const last = events.at(-1);
  if (last === undefined || !isLast(last)) world.fail("everything comes to its end", `${id} has not ended.`);
  checkAttempts(world, recorded);
  checkTimers(world, recorded);
  for (const event of events) {
    if (event.type !== "StepStarted" || event.data.detail.kind !== "workflow") continue;
    const child = event.data.detail.execution_id;
    if (world.disk.of(child) === null) world.fail("no message is lost", `${id} has begun its child ${child} in vain.`);
  }
}

/** A task's id names one attempt for ever; what becomes of an attempt is recorded once in each run. */
function checkAttempts({ fail }: World, { id, events }: Recorded): void {
  const scheduled = new Set<string>();
  let results = new Map<string, HistoryEvent>();
  for (const event of events) {
    if (event.type === "ExecutionReopened") results = new Map();
    if (event.path === null) continue;
    const attempt = `${event.path}/${event.attempt}`;
    if (event.type === "StepScheduled") {
      if (scheduled.has(attempt)) fail("a task's id is of one attempt", `${id}/${attempt} was scheduled twice.`);
      scheduled.add(attempt);
    }
    if (!RESULTS.has(event.type)) continue;
    const earlier = results.get(attempt);
    results.set(attempt, event);
    if (earlier !== undefined && !isGivenUp(earlier, event) && !isByHand(earlier, event)) {
      fail("an attempt ends once", `${id}/${attempt} ended a second time by event ${event.seq}.`);
    }
  }
}

/** After these it may have to wait for somebody, or for its turn, though its time has come. */
const HOLDS_BACK: ReadonlySet<string> = new Set(["ExecutionPaused", "SlotsReleased"]);

const RESULTS: ReadonlySet<string> = new Set(["StepCompleted", "StepFailed", "StepAttemptFailed"]);

/** The step's whole time was over while it waited for its next attempt. */
function isGivenUp(earlier: HistoryEvent, later: HistoryEvent): boolean {
  return earlier.type === "StepAttemptFailed" && later.type === "StepFailed" && later.data.error.code === "TIMEOUT";
}

/** Somebody has completed the step while it waited for its next attempt. */
function isByHand(earlier: HistoryEvent, later: HistoryEvent): boolean {
  return earlier.type === "StepAttemptFailed" && later.type === "StepCompleted" && later.data.manual !== undefined;
}

interface Due {
  /** When it was given. */
  readonly since: number;
  wake: number | null;
  deadline: number | null;
  retry: number | null;
}

/** Every time that was given by an event, until another one uses it; a pause that freezes timers moves them all. */
function checkTimers(world: World, { id, events, places }: Recorded): void {
  const dues = new Map<string, Due>();
  // What was copied happened elsewhere, at a time of its own.
  const forkedAt = events.findLast(({ type }) => type === "ExecutionForked")?.seq ?? 0;
  let due: number | null = null;
  const early = (event: HistoryEvent, what: string) =>
    world.fail("no timer is early", `${id}: event ${event.seq}, ${what} at ${event.at}.`);

  for (const event of events) {
    const at = Date.parse(event.at);
    switch (event.type) {
      case "ExecutionStarted":
      case "ExecutionReopened":
      case "ExecutionForked":
        due = event.data.due === null ? null : Date.parse(event.data.due);
        if (event.type !== "ExecutionStarted") dues.clear();
        break;
      case "ExecutionAdmitted":
        if (event.data.due !== undefined) due = event.data.due === null ? null : Date.parse(event.data.due);
        break;
      case "ExecutionResumed":
        if (due !== null) due += event.data.frozen_ms;
        // What was given during the pause has waited for the rest of it only.
        for (const each of dues.values()) move(each, Math.min(event.data.frozen_ms, at - each.since));
        break;
      case "ExecutionTimeoutReached":
        if (event.data.error.step === undefined && (due === null || at < due)) early(event, "the execution's time-out");
        break;
      case "StepStarted": {
        checkRetry(event, at);
        const { detail, due: given, total_due: total } = event.data;
        dues.set(event.path, {
          since: at,
          wake: detail.kind === "wait" ? Date.parse(detail.until) : null,
          deadline: soonest(given, total),
          retry: null,
        });
        break;
      }
      case "StepScheduled":
        checkRetry(event, at);
        break;
      case "StepAttemptFailed":
        dues.set(event.path, { since: at, wake: null, deadline: null, retry: Date.parse(event.data.retry_at) });
        break;
      case "StepCompleted": {
        const wake = dues.get(event.path)?.wake ?? null;
        if (event.data.manual !== undefined) break;
        if (wake !== null && at < wake) early(event, "a pause");
        if (wake !== null) checkLateness(event, wake, dues.get(event.path)?.since ?? wake);
        break;
      }
      case "StepClosing": {
        const isTimeout = event.data.then.kind === "fail" && event.data.then.error.code === "TIMEOUT";
        const deadline = dues.get(event.path)?.deadline ?? null;
        const isOwn = isTimeout && event.data.then.kind === "fail" && event.data.then.error.step === undefined;
        if (isOwn && deadline !== null && at < deadline) early(event, "a time-out");
        break;
      }
    }
  }

  /** In peace, and unless somebody has paused the execution. */
  function checkLateness(event: HistoryEvent, wake: number, since: number): void {
    const passed = places[event.seq - 1]?.passed ?? 0;
    const isPeace = world.calmAt !== null && passed > world.calmAt + STORM_ECHO_MS;
    if (!isPeace || event.seq < forkedAt || events.some(({ type }) => HOLDS_BACK.has(type))) return;
    const lateMs = Date.parse(event.at) - Math.max(wake, since);
    if (lateMs > LATE_MS) world.fail("in peace no timer is late", `${id}: event ${event.seq} is ${lateMs} ms late.`);
  }

  function checkRetry(event: HistoryEvent & { readonly path: string }, at: number): void {
    const retry = dues.get(event.path)?.retry ?? null;
    if (retry !== null && at < retry) early(event, "a further attempt");
    const known = dues.get(event.path);
    if (known !== undefined) known.retry = null;
  }
}

function move(due: Due, byMs: number): void {
  if (due.wake !== null) due.wake += byMs;
  if (due.deadline !== null) due.deadline += byMs;
  if (due.retry !== null) due.retry += byMs;
}

function soonest(...times: readonly (string | undefined)[]): number | null {
  const given = times.flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
  return given.length === 0 ? null : Math.min(...given);
}
