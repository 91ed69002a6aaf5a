/**
 * In peace everything comes to its end, or says what it waits for. The judge looks at whatever does not move, asks its
 * history what it waits for, and gives it that: a signal, an event, an hour. What waits for nothing that anybody could give
 * is stuck.
 */

import { decide } from "../../src/core/engine/decide.ts";
import { ENGINE_LIMITS } from "../../src/core/engine/decision.ts";
import { type Execution, isAsking, type StepState } from "../../src/core/engine/execution.ts";
import { type Order, publish } from "./customers.ts";
import type { Published, Recorded } from "./disk.ts";
import { replayed } from "./histories.ts";
import { lookInLine } from "./limits.ts";
import { insist } from "./network.ts";
import { definitionOf } from "./scenarios.ts";
import { setClock } from "./visitations.ts";
import { WORKSPACE, type World } from "./world.ts";

/** Longer than any lease, any slow answer and any pause of an executor: what has not moved by then will not. */
const STILL_MS = 45_000;

/** A timer that is due is late after this long. */
const LATE_MS = 15_000;

/** Far more than any run needs. */
const ROUNDS_MAX = 3000;

const ROUND_MS = 1000;

/** As long as events with a key are kept. */
const EVENTS_KEPT_MS = 3_600_000;

export type Pass = (ms: number) => Promise<void>;

export async function bringToEnd(world: World, orders: readonly Order[], pass: Pass): Promise<void> {
  const { disk } = world;
  // Whoever is refused asks again and again, which moves nothing.
  const countEvents = () => [...disk.records.values()].reduce((sum, { events }) => sum + events.length, 0);
  let count = countEvents();
  let stillMs = 0;
  for (let round = 0; world.violation === null; round++) {
    await pass(ROUND_MS);
    const open = [...disk.records.values()].filter(({ hasEnded }) => !hasEnded);
    if (open.length === 0 && orders.every(({ isDone }) => isDone)) return;
    if (round > ROUNDS_MAX) return world.fail("everything comes to its end", `${open.map(({ id }) => id)} did not.`);
    stillMs = countEvents() === count ? stillMs + ROUND_MS : 0;
    count = countEvents();
    if (stillMs < STILL_MS) continue;
    stillMs = 0;
    help(world, open);
  }
}

/** Gives each what it waits for; if all wait for time only, that is given. */
function help(world: World, open: readonly Recorded[]): void {
  const needs = open.map((recorded) => ({ recorded, need: needOf(world, recorded) }));
  world.note("judge", needs.map(({ recorded, need }) => `${recorded.id} needs ${need.kind}`).join(", "));
  let isHelped = false;
  let soonest = Number.POSITIVE_INFINITY;
  for (const { recorded, need } of needs) {
    switch (need.kind) {
      case "nothing":
        return world.fail("nothing stays stuck", `${recorded.id} ${need.why}`);
      case "time":
        soonest = Math.min(soonest, need.until);
        break;
      case "child":
      case "others":
        break;
      case "resume":
        isHelped = true;
        resume(world, recorded);
        break;
      case "event":
        isHelped = true;
        tell(world, recorded, need.step);
        break;
    }
  }
  if (isHelped) return;
  if (!Number.isFinite(soonest))
    return world.fail("nothing stays stuck", `${open.length} executions wait in a circle.`);
  setClock(world, Math.max(0, soonest - world.wall.now()));
}

type Need =
  | { readonly kind: "resume" | "child" | "others" }
  | { readonly kind: "event"; readonly step: StepState }
  | { readonly kind: "time"; readonly until: number }
  /** Something should have moved it already. */
  | { readonly kind: "nothing"; readonly why: string };

function needOf(world: World, recorded: Recorded): Need {
  const { disk, wall } = world;
  const nothing = (why: string): Need => ({ kind: "nothing", why });
  const { row } = recorded;
  if (row.quarantine !== null) return nothing(`was put aside: ${row.quarantine}`);
  const execution = replayed(recorded);
  if (execution.status === "paused") return { kind: "resume" };
  if (couldGoOn(world, recorded)) return nothing("could go on, but does not.");
  const need = execution.status === "queued" ? execution.slots?.needs[execution.slots.held] : undefined;
  if (need !== undefined) {
    const place = lookInLine(disk.limits, recorded.id, need);
    const isOver = place.kind === "time" && place.until < wall.now() - LATE_MS;
    return isOver ? nothing(`should have begun at the end of the quiet time of "${need.key}".`) : place;
  }
  const { wakeAt } = execution;
  if (wakeAt !== null && wakeAt < wall.now() - LATE_MS) return nothing("has a timer that is due, but does not fire.");
  const tasks = [...execution.steps.values()].filter(({ status }) => status === "scheduled");
  if (tasks.length > 0) return nothing(`waits for executors that wait for tasks (${tasks.map(({ path }) => path)}).`);
  const asking = [...execution.steps.values()].find(isAsking);
  if (asking !== undefined) return needOfCaller(world, asking);
  for (const step of execution.eventWaits) {
    const missed = world.disk.published.find((event) => isMissed(world, recorded, execution, step, event));
    if (missed !== undefined) return nothing(`at ${step.path} has not heard of event ${missed.event.id}.`);
    if (hasSignal(execution, step)) return nothing(`at ${step.path} does not take the signal that it has.`);
  }
  const children = [...execution.steps.values()].flatMap(({ status, inner }) =>
    status === "waiting" && inner?.kind === "child" ? [inner.executionId] : [],
  );
  for (const id of children) {
    const child = disk.of(id);
    if (child === null) return nothing(`waits for its child ${id}, which was never started.`);
    if (child.hasEnded) return nothing(`has not heard of the end of its child ${id}.`);
  }
  const [step] = execution.eventWaits;
  if (step !== undefined && wakeAt === null) return { kind: "event", step };
  if (wakeAt !== null) return { kind: "time", until: wakeAt };
  if (children.length > 0) return { kind: "child" };
  return nothing("waits for nothing at all.");
}

/** A breaker lets calls through when its time is over, and the next one when a call that was let through is too slow. */
function needOfCaller({ disk, wall }: World, { path, inner }: StepState): Need {
  const target = inner?.kind === "task" ? (inner.circuit?.target ?? "") : "";
  const breaker = disk.breakers.get(target);
  const { phase = "closed", until = null, settings = null } = breaker?.row ?? {};
  if (phase === "open" && until !== null && until > wall.now() - LATE_MS) return { kind: "time", until };
  const permits = [...(breaker?.members.values() ?? [])].filter(({ hasPermit }) => hasPermit);
  const soonest = Math.min(...permits.map(({ since }) => since + Math.max(60_000, settings?.recoveryTimeoutMs ?? 0)));
  if (phase === "half_open" && soonest > wall.now() - LATE_MS && permits.length > 0)
    return { kind: "time", until: soonest };
  return {
    kind: "nothing",
    why: `at ${path} waits for the breaker of ${target}, which is ${phase} and does not answer.`,
  };
}

/** Whether something follows from what is stored without anything from outside. */
function couldGoOn(world: World, recorded: Recorded): boolean {
  const { workflow, version } = recorded.row;
  const context = { now: world.wall.now(), environment: new Map<string, string>(), limits: ENGINE_LIMITS };
  return decide(definitionOf(workflow, version), replayed(recorded), { kind: "Continue" }, context).length > 0;
}

/** An event that fits, was published in time, and did not wake the step. */
function isMissed(
  world: World,
  recorded: Recorded,
  execution: Execution,
  step: StepState,
  { event, workspace, commit }: Published,
): boolean {
  const { inner } = step;
  if (inner?.kind !== "event" || workspace !== WORKSPACE || inner.event !== event.name) return false;
  if (inner.correlation !== null && inner.correlation !== event.correlationKey) return false;
  if (execution.known.has(event.id)) return false;
  const begun = recorded.events.findLastIndex(({ type, path }) => type === "StepStarted" && path === step.path);
  const began = recorded.places[begun]?.commit ?? 0;
  if (commit > began) return true;
  // It came before the wait: only with a key it is kept, and only for a while.
  // The same event published again counts from then on, and the clock may have been set back meanwhile.
  const kept = world.disk.published.findLast((each) => each.event.id === event.id);
  return inner.correlation !== null && kept !== undefined && world.wall.highest() - kept.at < EVENTS_KEPT_MS;
}

function hasSignal(execution: Execution, { inner }: StepState): boolean {
  return inner?.kind === "event" && execution.signals.some(({ name }) => name === inner.event);
}

function resume(world: World, { id }: Recorded): void {
  const place = { workspace: WORKSPACE, executionId: id, commandId: `judge-${world.timeline.count}` };
  void insist(world, "judge", (host) => host.resume(place));
}

function tell(world: World, { id }: Recorded, { path, inner }: StepState): void {
  if (inner?.kind !== "event") return;
  const commandId = `judge-${world.timeline.count}-${id}-${path}`;
  if (inner.correlation !== null) return void publish(world, commandId, inner.event, inner.correlation);
  const place = { workspace: WORKSPACE, executionId: id, commandId };
  void insist(world, "judge", (host) => host.signal({ ...place, name: inner.event, data: { by: "judge" } }));
}
