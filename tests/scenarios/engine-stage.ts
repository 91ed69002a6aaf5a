/**
 * The pure engine: commands go to `decide`, what follows from its events is done here, and time is a number.
 *
 *     command ──► decide ──► events ──► reactions ──► desk, children, events for others, what executions share
 *
 * After every command the history is replayed, which has to give the execution as it is, and the command comes once more,
 * which has to change nothing.
 */

import assert from "node:assert/strict";
import { defined } from "../../src/core/base/bug.ts";
import { parseDuration } from "../../src/core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import { admissionOf } from "../../src/core/engine/admission.ts";
import type { Command, StartExecution } from "../../src/core/engine/commands.ts";
import { decide } from "../../src/core/engine/decide.ts";
import { ENGINE_LIMITS, type EngineLimits } from "../../src/core/engine/decision.ts";
import type { EmittedEvent, HistoryEvent } from "../../src/core/engine/events.ts";
import { replay } from "../../src/core/engine/evolve.ts";
import { createExecution, type Execution } from "../../src/core/engine/execution.ts";
import { toPlain } from "../../src/core/engine/plain-execution.ts";
import { type ChildStart, type EngineTask, type Reaction, reactionsOf } from "../../src/core/engine/reactions.ts";
import { refusalOf } from "../../src/core/engine/refuse.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { loadWorkflow } from "../../src/core/language/load.ts";
import { explain } from "../../src/core/protocol/explain.ts";
import { PROBLEMS } from "../../src/core/protocol/problems.ts";
import { addEvent, createView, toMessage, type View } from "../../src/core/protocol/view.ts";
import { createDesk } from "./engine-desk.ts";
import { createRecords, type Sent } from "./engine-records.ts";
import type { Scenario } from "./scenario.ts";
import type { Answer, Stage } from "./stage.ts";

const START = Date.UTC(2027, 0, 1);
const WORKSPACE = "default";
const PATIENCE_MS = 24 * 3_600_000;
/** Where nothing is due: a look at what others may have done. */
const IDLE_MS = 60_000;

const ENVIRONMENT: ReadonlyMap<string, string> = new Map();

interface Played {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly history: HistoryEvent[];
}

export function openEngineStage(scenario: Scenario): Stage {
  const definitions = new Map(scenario.workflows.map(load).map((definition) => [definition.name, definition]));
  const played = new Map<string, Played>();
  const desk = createDesk();
  const records = createRecords();
  const limits = limitsOf(scenario);
  const kept: EmittedEvent[] = [];
  /** Commands that executions send to one another, in their order. */
  const mail: Sent[] = [];
  let now = START;
  let commands = 0;

  const of = (executionId: string): Played => defined(played.get(executionId), `an execution ${executionId}`);
  const isPaused = (task: EngineTask) => of(task.executionId).execution.status === "paused";

  /** How many events followed from it. */
  function send(executionId: string, command: Command): number {
    const one = of(executionId);
    const count = decideAll(one, command);
    const live = toPlain(one.execution);
    const fresh = replay(one.definition, { id: executionId, workspace: WORKSPACE }, one.history);
    assert.deepEqual(toPlain(fresh), live, `a replay after ${command.kind} gives the execution as it is`);
    if (command.kind !== "WakeUp") assert.equal(decideAll(one, command), 0, `a second ${command.kind} decides nothing`);
    deliver();
    return count;
  }

  /** Whether there was anything to deliver. */
  function deliver(): boolean {
    const isEmpty = mail.length === 0;
    for (let next = mail.shift(); next !== undefined; next = mail.shift()) {
      if (played.has(next.executionId)) send(next.executionId, next.command);
    }
    return !isEmpty;
  }

  function decideAll({ definition, execution, history }: Played, command: Command): number {
    const circuit = (target: string) => records.circuit(target, now);
    const context = { now, environment: ENVIRONMENT, limits, circuit };
    const events = [...decide(definition, execution, command, context)];
    while (execution.hasWork) events.push(...decide(definition, execution, { kind: "Continue" }, context));
    history.push(...events);
    for (const event of events)
      for (const reaction of reactionsOf(definition, execution, event)) react(execution, reaction);
    return events.length;
  }

  function react(execution: Execution, reaction: Reaction): void {
    switch (reaction.kind) {
      case "OfferTask":
        return desk.offer(reaction.task);
      case "WithdrawTask":
        return desk.withdraw(reaction.taskId);
      case "StartChild":
        return startChild(reaction.start);
      case "SendCommand":
        return void mail.push({ executionId: reaction.executionId, command: reaction.command });
      case "SendShared":
        return void mail.push(...records.tell(reaction.place, reaction.command, now));
      case "PublishEvent":
        return publish(reaction.event);
      case "AddWait": {
        const early = kept.find((event) => reaction.correlation !== null && fits(event, reaction));
        if (early !== undefined) mail.push({ executionId: execution.id, command: delivery(early) });
        return;
      }
      case "RemoveWait":
        return;
    }
  }

  function publish(event: EmittedEvent): void {
    kept.push(event);
    for (const { execution } of played.values()) {
      const isAwaited = [...execution.eventWaits].some(({ inner }) => inner?.kind === "event" && fits(event, inner));
      if (isAwaited) mail.push({ executionId: execution.id, command: delivery(event) });
    }
  }

  function startChild({ executionId, workflow, input, metadata, priority, parent }: ChildStart): void {
    begin(executionId, workflow);
    mail.push({
      executionId,
      command: { kind: "StartExecution", input, metadata, priority, timeoutMs: null, parent, origin: null },
    });
  }

  function begin(executionId: string, workflow: string): void {
    const definition = defined(definitions.get(workflow), `a workflow ${workflow}`);
    played.set(executionId, {
      definition,
      execution: createExecution({ id: executionId, workspace: WORKSPACE }),
      history: [],
    });
  }

  /** Fires what is due next, if that is not later than `until`. */
  function step(until: number): boolean {
    const task = desk.next(isPaused);
    const timers = [...played.values()].flatMap(({ execution }) =>
      execution.wakeAt === null ? [] : [{ due: execution.wakeAt, id: execution.id }],
    );
    const timer = timers.toSorted((a, b) => a.due - b.due)[0];
    const record = records.next();
    const due = Math.min(...[task, timer, record].map((next) => next?.due ?? Number.POSITIVE_INFINITY));
    if (due > until) return false;
    now = Math.max(now, due);
    if (timer !== undefined && timer.due === due) return send(timer.id, { kind: "WakeUp" }) > 0;
    if (record !== null && record.due === due) {
      mail.push(...records.tell(record.place, { kind: "Tick" }, now));
      return deliver();
    }
    if (task === null) return false;
    const { executionId, path, attempt } = task.task;
    send(executionId, { kind: "FailTask", path, attempt, error: task.error, startedAt: null, instance: null });
    return true;
  }

  function viewOf(executionId: string): View {
    const { definition, history } = of(executionId);
    const view = createView(definition, { id: executionId, workspace: WORKSPACE });
    for (const event of history) addEvent(view, event);
    return view;
  }

  function leasesOf(executionId: string) {
    const { execution } = of(executionId);
    return new Map(
      [...execution.steps.values()].flatMap(({ path, attempt }) => {
        const since = desk.find(`${executionId}/${path}/${attempt}`)?.takenAt ?? null;
        return since === null ? [] : [[path, { since, instance: "scenario", progress: null, message: null }] as const];
      }),
    );
  }

  return {
    level: "engine",
    async start(workflow, { input = {}, metadata = {}, options }) {
      const executionId = `e${played.size + 1}`;
      begin(executionId, workflow);
      const { timeout = null, priority = 5 } = isObject(options) ? options : {};
      const command: StartExecution = {
        kind: "StartExecution",
        input,
        metadata: metadata as JsonObject,
        priority: Number(priority),
        timeoutMs: timeout === null ? null : parseDuration(timeout as string),
        parent: null,
        origin: null,
      };
      const context = { now, environment: ENVIRONMENT, limits };
      const slots = admissionOf(of(executionId).definition, identityOf(executionId), command, context)?.slots ?? [];
      send(executionId, slots.length === 0 ? command : { ...command, slots });
      return { status: 202, body: { execution_id: executionId } };
    },
    async operate(executionId, operation, body) {
      const command = toCommand(operation, body, `command-${++commands}`);
      const refusal = refusalOf(of(executionId).execution, command);
      if (refusal !== null) return problemOf(refusal.code as keyof typeof PROBLEMS);
      send(executionId, command);
      return { status: 202, body: {} };
    },
    async publish({ name, data = null, correlation_key = null, id }) {
      const key = correlation_key === null ? null : String(correlation_key);
      publish({ id: String(id ?? `event-${++commands}`), name: String(name), data, correlation_key: key });
      deliver();
      return { status: 202, body: {} };
    },
    async call(method, path): Promise<Answer> {
      throw new Error(`Expected a scenario that sends ${method} ${path} to say "levels: [host, process]".`);
    },
    async poll(executor, functionName) {
      return desk.take(executor, functionName, now, isPaused) as never;
    },
    async finish({ task_id: taskId, status, output = null, error }) {
      const task = desk.find(taskId)?.task;
      if (task === undefined) return desk.isOver(taskId) ? "stale" : "unknown";
      const { executionId, path, attempt } = task;
      const from = { path, attempt, startedAt: null, instance: "scenario" };
      const failed = error ?? { code: "FAILED", message: "It failed." };
      const command: Command =
        status === "completed"
          ? { kind: "CompleteTask", ...from, output, http: null }
          : { kind: "FailTask", ...from, error: failed };
      return send(executionId, command) > 0 ? "accepted" : "stale";
    },
    async beat({ task_id: taskId }) {
      const known = desk.find(taskId);
      if (known === null) return { outcome: "stale", cancel: true };
      known.beatAt = now;
      return { outcome: "accepted", cancel: false };
    },
    async read(executionId) {
      const { execution } = of(executionId);
      const facts = { workflowId: "w", createdAt: START, status: "queued", leases: leasesOf(executionId) } as const;
      const message = toMessage(viewOf(executionId), facts);
      assert.equal(message.status, execution.status, "the view says what the execution is");
      return message;
    },
    history: async (executionId) => of(executionId).history,
    async explain(executionId) {
      return explain(viewOf(executionId), {
        status: "queued",
        createdAt: START,
        quarantine: null,
        leases: leasesOf(executionId),
        executor(name) {
          const waiting = desk.waiting(name);
          if (waiting === null) return null;
          const instance = { isOnline: true, lastSeen: now, functions: [], labels: {} };
          return { status: "online", health: "healthy", waiting, instances: [instance] };
        },
        breaker: () => null,
        queuedAt: null,
        line: () => null,
        childStatus: (child) => (played.get(child)?.execution.status ?? null) as never,
      });
    },
    async wait() {
      const before = now;
      if (!step(Number.POSITIVE_INFINITY)) now += IDLE_MS;
      return Math.max(1, now - before);
    },
    async pass(ms) {
      const until = now + ms;
      while (step(until));
      now = until;
    },
    patienceMs: PATIENCE_MS,
  };
}

function identityOf(id: string): { readonly id: string; readonly workspace: string } {
  return { id, workspace: WORKSPACE };
}

/** Those of the settings that the engine itself keeps. */
function limitsOf({ settings }: Scenario): EngineLimits {
  const { limits } = settings;
  const longest = isObject(limits) ? limits["execution_timeout"] : undefined;
  return { ...ENGINE_LIMITS, executionTimeoutMs: longest === undefined ? null : parseDuration(longest as string) };
}

function load(text: string): Definition {
  const { definition, diagnostics } = loadWorkflow(text);
  if (definition === null) throw new Error(diagnostics.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return definition;
}

function fits(event: EmittedEvent, wait: { readonly event: string; readonly correlation: string | null }): boolean {
  return event.name === wait.event && (wait.correlation === null || wait.correlation === event.correlation_key);
}

function delivery({ id, name, data, correlation_key: correlationKey }: EmittedEvent): Command {
  return { kind: "DeliverEvent", event: { id, name, data, correlationKey } };
}

/** As the routes make commands of requests. */
function toCommand(operation: string, body: JsonObject, commandId: string): Command {
  const id = typeof body["id"] === "string" ? body["id"] : commandId;
  const reason = typeof body["reason"] === "string" ? body["reason"] : "Asked to.";
  if (operation.startsWith("signals/")) {
    const data: Json = body["data"] ?? null;
    return { kind: "Signal", id, name: operation.slice("signals/".length), data };
  }
  if (operation.startsWith("steps/")) {
    const [, step = "", part] = operation.split("/");
    const about = { id, path: decodeURIComponent(step), reason, by: "anonymous" };
    if (part === "skip") return { kind: "SkipStep", ...about };
    return { kind: "CompleteStep", ...about, output: body["output"] ?? {} };
  }
  switch (operation) {
    case "compensate":
      return { kind: "Compensate", id, reason, by: "anonymous" };
    case "cancel":
      return { kind: "Cancel", id, reason };
    case "terminate":
      return { kind: "Terminate", id, reason };
    case "pause":
      return { kind: "Pause", id, freezeTimers: body["timers"] === "freeze" };
    case "resume":
      return { kind: "Resume", id };
    case "retry":
      return { kind: "Retry", id };
    default:
      throw new Error(`Expected an operation that the pure engine knows, but met ${operation}.`);
  }
}

function problemOf(code: keyof typeof PROBLEMS): Answer {
  return { status: PROBLEMS[code].status, body: { code } };
}
