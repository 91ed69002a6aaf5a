/** For tests of the engine: a workflow from a few lines of YAML, commands by short names, what happened in short lines. */

import type { Json } from "../base/json.ts";
import type { Definition } from "../language/definition.ts";
import { loadWorkflow } from "../language/load.ts";
import { admissionOf } from "./admission.ts";
import type { CircuitView } from "./circuit.ts";
import type { Command, StartExecution } from "./commands.ts";
import { ENGINE_LIMITS, type EngineLimits } from "./decision.ts";
import type { StepError } from "./error.ts";
import type { HistoryEvent } from "./events.ts";
import { replay } from "./evolve.ts";
import { createExecution, type Execution } from "./execution.ts";
import { toPlain } from "./plain-execution.ts";
import { decideWithTwin } from "./twin.test.ts";

export const START: number = Date.UTC(2027, 0, 1);

export interface Rig {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly history: readonly HistoryEvent[];
  /** Decides, and goes on until the decision is done. Answers the new events in short: `StepCompleted pay`. */
  send(command: Command): readonly string[];
  complete(path: string, output?: Json): readonly string[];
  fail(path: string, error?: Partial<StepError>): readonly string[];
  /** Turns the clock and wakes the execution. */
  pass(ms: number): readonly string[];
  signal(name: string, data?: Json, id?: string): readonly string[];
  /** What the last event of that type says. */
  last<T extends HistoryEvent["type"]>(type: T): Extract<HistoryEvent, { type: T }>["data"];
  /** Status of each step that is kept, by path. */
  statuses(): Readonly<Record<string, string>>;
  /** The state that a fresh replay of the history gives, and the state as it is. */
  replayed(): { readonly fresh: unknown; readonly live: unknown };
}

export interface RigOptions {
  readonly input?: Json;
  readonly environment?: ReadonlyMap<string, string>;
  readonly limits?: Partial<EngineLimits>;
  readonly parentDepth?: number;
  readonly circuit?: (target: string) => CircuitView;
}

/** `spec` is what stands under `spec:`; the execution is started. */
export function startRig(spec: string, options: RigOptions = {}): Rig {
  const text = `apiVersion: magicflow.io/v2\nkind: Workflow\nmetadata: { name: test, version: 1.0.0 }\nspec:\n${indent(spec)}`;
  const { definition, diagnostics } = loadWorkflow(text);
  if (definition === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join("\n"));
  return runRig(definition, options);
}

function runRig(definition: Definition, options: RigOptions): Rig {
  const execution = createExecution({ id: "e", workspace: "default" });
  const history: HistoryEvent[] = [];
  let now = START;

  const once = (command: Command): readonly HistoryEvent[] => {
    const events = decideWithTwin(definition, execution, command, {
      now,
      environment: options.environment ?? new Map(),
      limits: { ...ENGINE_LIMITS, ...options.limits },
      ...(options.circuit === undefined ? {} : { circuit: options.circuit }),
    });
    history.push(...events);
    return events;
  };
  const send = (command: Command): readonly string[] => {
    const events = [...once(command)];
    while (execution.hasWork) events.push(...once({ kind: "Continue" }));
    return events.map(shorten);
  };
  const attemptOf = (path: string) => execution.steps.get(path)?.attempt ?? 0;

  const rig: Rig = {
    definition,
    execution,
    history,
    send,
    complete: (path, output = {}) =>
      send({
        kind: "CompleteTask",
        path,
        attempt: attemptOf(path),
        output,
        http: null,
        startedAt: null,
        instance: null,
      }),
    fail: (path, error = {}) =>
      send({
        kind: "FailTask",
        path,
        attempt: attemptOf(path),
        error: { code: "BROKEN", message: "It broke.", ...error },
        startedAt: null,
        instance: null,
      }),
    pass(ms) {
      now += ms;
      return send({ kind: "WakeUp" });
    },
    signal: (name, data = null, id = `${name}-${history.length}`) => send({ kind: "Signal", id, name, data }),
    last<T extends HistoryEvent["type"]>(type: T) {
      const event = history.findLast((each) => each.type === type);
      if (event === undefined)
        throw new Error(`Expected an event ${type}, but met ${history.map(shorten).join(", ")}.`);
      return event.data as never;
    },
    statuses: () => Object.fromEntries([...execution.steps.values()].map((step) => [step.path, statusOf(step)])),
    replayed: () => ({
      fresh: toPlain(replay(definition, { id: execution.id, workspace: execution.workspace }, history)),
      live: toPlain(execution),
    }),
  };
  const parent =
    options.parentDepth === undefined
      ? null
      : { execution_id: "p", path: "child", depth: options.parentDepth, waits: true };
  const start: StartExecution = {
    kind: "StartExecution",
    input: options.input ?? {},
    metadata: {},
    priority: 5,
    timeoutMs: null,
    parent,
    origin: null,
  };
  const context = { now, environment: new Map<string, string>(), limits: ENGINE_LIMITS };
  const slots = admissionOf(definition, { id: "e", workspace: "default" }, start, context)?.slots ?? [];
  rig.send(slots.length === 0 ? start : { ...start, slots });
  return rig;
}

function statusOf(step: { readonly status: string; readonly reason: string | null }): string {
  return step.reason === null ? step.status : `${step.status} (${step.reason})`;
}

function shorten(event: HistoryEvent): string {
  return event.path === null ? event.type : `${event.type} ${event.path}`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
