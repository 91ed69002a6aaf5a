/** Whole lives of executions, decided without a host or a store: what the engine alone takes for each event. */

import type { Json } from "../../src/core/base/json.ts";
import type { Command } from "../../src/core/engine/commands.ts";
import { decide } from "../../src/core/engine/decide.ts";
import { ENGINE_LIMITS } from "../../src/core/engine/decision.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { evolve } from "../../src/core/engine/evolve.ts";
import { createExecution, type Execution } from "../../src/core/engine/execution.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { loadWorkflow } from "../../src/core/language/load.ts";
import { workflowText } from "../places.ts";
import { type Metered, meter } from "./meter.ts";

const NOW = Date.UTC(2027, 0, 1);

export interface Subject {
  readonly definition: Definition;
  readonly execution: Execution;
  readonly history: readonly HistoryEvent[];
  send(command: Command): void;
}

/** An execution of a workflow with this `spec:`, started. */
export function startSubject(spec: string, input: Json): Subject {
  const head = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: subject, version: 1.0.0 }\n";
  return start(load(`${head}spec:\n${spec}`), input);
}

function load(text: string): Definition {
  const { definition, diagnostics } = loadWorkflow(text);
  if (definition === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return definition;
}

let count = 0;

function start(definition: Definition, input: Json): Subject {
  count += 1;
  const execution = createExecution({ id: `wf_${count}`, workspace: "default" });
  const history: HistoryEvent[] = [];
  let now = NOW;
  const once = (command: Command) => {
    now += 3;
    for (const event of decide(definition, execution, command, {
      now,
      environment: ENVIRONMENT,
      limits: ENGINE_LIMITS,
    }))
      history.push(event);
  };
  const send = (command: Command) => {
    once(command);
    while (execution.hasWork) once({ kind: "Continue" });
  };
  send({ kind: "StartExecution", input, metadata: {}, priority: 5, timeoutMs: null, parent: null, origin: null });
  return { definition, execution, history, send };
}

const ENVIRONMENT: ReadonlyMap<string, string> = new Map();

/** Each runs one execution from its start to its end, and answers it. */
const LIVES: Readonly<Record<string, () => () => Subject>> = {
  "simple (2 local steps)": () => {
    const definition = load(workflowText("simple"));
    const input = { quantity: 3, price: 19.9, customer: { name: "Ada", tier: "gold" } };
    return () => start(definition, input);
  },
  "chain-5 (start, then 5 results)": () => {
    const definition = load(workflowText("chain-5"));
    return () => {
      const subject = start(definition, { n: 0 });
      for (const [n, path] of ["one", "two", "three", "four", "five"].entries())
        subject.send({ ...ANSWER, path, output: { n: n + 1 } });
      return subject;
    };
  },
  "fan-out-100": () => {
    const definition = load(workflowText("fan-out-100"));
    const input = { items: Array.from({ length: 100 }, (_, n) => n) };
    return () => {
      const subject = start(definition, input);
      for (let n = 0; n < 100; n++) subject.send({ ...ANSWER, path: `each[${n}].work`, output: { n: n + 1 } });
      return subject;
    };
  },
  "a loop of 10,000 local iterations": () => {
    const definition = load(workflowText("counting-local"));
    return () => start(definition, { times: 10_000 });
  },
  "a loop of 100,000 local iterations": () => {
    const definition = load(workflowText("counting-local"));
    return () => start(definition, { times: 100_000 });
  },
};

const ANSWER = {
  kind: "CompleteTask",
  attempt: 1,
  http: null,
  startedAt: NOW,
  instance: "bench-1",
} as const;

/** Time for each event decided. */
export function meterDecisions(seconds: number): readonly Metered[] {
  return Object.entries(LIVES).map(([name, prepare]) => {
    const live = prepare();
    return meter(name, seconds, () => {
      const { history, execution } = live();
      if (execution.status !== "completed")
        throw new Error(`Expected ${name} to complete, but it is ${execution.status}.`);
      return history.length;
    });
  });
}

/** Time for each event that is read again. */
export function meterReplays(seconds: number): readonly Metered[] {
  return Object.entries(LIVES).map(([name, prepare]) => {
    const { definition, history } = prepare()();
    return meter(name, seconds, () => {
      const execution = createExecution({ id: "wf_1", workspace: "default" });
      for (const event of history) {
        evolve(definition, execution, event);
        execution.agenda.tidy();
      }
      return history.length;
    });
  });
}
