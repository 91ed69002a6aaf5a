import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "../base/json.ts";
import type { Command, ForkExecution } from "./commands.ts";
import { decide } from "./decide.ts";
import { ENGINE_LIMITS } from "./decision.ts";
import type { HistoryEvent } from "./events.ts";
import { evolve, replay } from "./evolve.ts";
import { createExecution, type Execution } from "./execution.ts";
import { belongsToNext, forkRefusal } from "./fork.ts";
import { toPlain } from "./plain-execution.ts";
import { openReactions, reactionsOf } from "./reactions.ts";
import { type Rig, START, startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";

interface Fork {
  readonly execution: Execution;
  readonly events: readonly HistoryEvent[];
  /** What followed from the fork, in short. */
  readonly begun: readonly string[];
}

/** Goes on after event `seq` of the rig's history as execution `f`, an hour later. */
function forkAt(rig: Rig, seq: number, options: Partial<Pick<ForkExecution, "input" | "stepInput">> = {}): Fork {
  const { definition } = rig;
  const identity = { id: "f", workspace: "default" };
  const execution = createExecution(identity);
  const copied: HistoryEvent[] = [];
  for (const event of rig.history) {
    const last = copied.at(-1);
    if (event.seq > seq && (last === undefined || !belongsToNext(execution, last, event))) break;
    evolve(definition, execution, event);
    copied.push(event);
  }
  assert.equal(forkRefusal(execution), null);
  const command: ForkExecution = {
    kind: "ForkExecution",
    id: "fork",
    origin: { kind: "event", execution_id: "e", event: seq },
    input: undefined,
    stepInput: null,
    timeoutMs: null,
    terminatesOrigin: false,
    ...options,
  };
  const context = { now: START + 3_600_000, environment: new Map(), limits: ENGINE_LIMITS };
  const decided = [...decide(definition, execution, command, context)];
  while (execution.hasWork) decided.push(...decide(definition, execution, { kind: "Continue" }, context));
  const events = [...copied, ...decided];
  assert.deepEqual(toPlain(replay(definition, identity, events)), toPlain(execution));
  const begun = decided.map(({ type, path }) => (path === null ? type : `${type} ${path}`));
  return { execution, events, begun };
}

function offered(rig: Rig, { execution }: Fork): readonly string[] {
  return openReactions(rig.definition, execution).flatMap((reaction) =>
    reaction.kind === "OfferTask" ? [reaction.task.id] : [],
  );
}

function seqOf(rig: Rig, type: string, path: string): number {
  return rig.history.find((event) => event.type === type && event.path === path)?.seq ?? 0;
}

describe("an execution that begins with the history of another", () => {
  it("keeps what had completed and begins again what was open, under its own name", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL} }
  - { name: b, ${CALL}, input: { n: $.a.n } }`);
    rig.complete("a", { n: 1 });
    const fork = forkAt(rig, rig.history.length);
    assert.deepEqual(fork.begun, ["ExecutionForked", "StepScheduled b"]);
    assert.deepEqual(offered(rig, fork), ["f/b/2"]);
    assert.deepEqual(fork.execution.steps.get("b")?.input, { n: 1 });
    assert.equal(fork.execution.startedAt, START + 3_600_000);
    assert.deepEqual(fork.execution.origin, { kind: "event", execution_id: "e", event: rig.history.length });
  });

  it("begins at a step as if for the first time, with another input if one is given", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL} }
  - { name: b, ${CALL}, retry: { max_attempts: 2, initial_delay: 1s } }`);
    rig.complete("a", { n: 1 });
    rig.fail("b");
    const input: Json = { n: 2 };
    const fork = forkAt(rig, seqOf(rig, "StepScheduled", "b") - 1, { stepInput: { path: "b", input } });
    assert.deepEqual(offered(rig, fork), ["f/b/1"]);
    assert.deepEqual(fork.execution.steps.get("b")?.input, input);
  });

  it("reads the new input of the execution in what begins from there on", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }\n  - { name: b, ${CALL}, input: { n: $.input.n } }`, {
      input: { n: 1 },
    });
    rig.complete("a");
    const fork = forkAt(rig, seqOf(rig, "StepCompleted", "a"), { input: { n: 5 } });
    assert.deepEqual(fork.execution.steps.get("b")?.input, { n: 5 });
  });

  it("goes on in branches and iterations, and leaves alone what had ended in them", () => {
    const rig = startRig(`steps:
  - { name: each, type: loop, times: 3, steps: [ { name: r, ${CALL} }, { name: s, ${CALL} } ] }
  - { name: z, ${CALL} }`);
    rig.complete("each[0].r");
    rig.complete("each[0].s");
    rig.complete("each[1].r");
    rig.fail("each[1].s");
    assert.equal(rig.execution.status, "failed");
    const fork = forkAt(rig, seqOf(rig, "StepScheduled", "each[1].s") - 1);
    assert.deepEqual(fork.begun, ["ExecutionForked", "StepScheduled each[1].s"]);
    assert.deepEqual(offered(rig, fork), ["f/each[1].s/1"]);
  });

  it("starts children of its own, and waits for events anew", () => {
    const rig = startRig(`steps:
  - { name: done, type: workflow, workflow: other, depends_on: [] }
  - { name: child, type: workflow, workflow: other, depends_on: [] }
  - { name: wait, type: wait_for_event, event: go, depends_on: [] }
  - { name: pause, type: wait, duration: 10s, depends_on: [] }`);
    const end = { kind: "EndChild", path: "done", executionId: "e.1", status: "completed", output: 1, error: null };
    rig.send(end as Parameters<Rig["send"]>[0]);
    const fork = forkAt(rig, rig.history.length);
    const reactions = fork.events
      .slice(rig.history.length)
      .flatMap((event) => reactionsOf(rig.definition, fork.execution, event));
    assert.deepEqual(
      reactions.map((reaction) =>
        reaction.kind === "StartChild"
          ? reaction.start.executionId
          : `${reaction.kind} ${"path" in reaction ? reaction.path : ""}`,
      ),
      ["f.3", "AddWait wait"],
    );
    assert.equal(fork.execution.wakeAt, START + 3_600_000 + 10_000);
    assert.deepEqual(
      [...fork.execution.eventWaits].map(({ path }) => path),
      ["wait"],
    );
  });

  it("takes up at once a signal that had come and was taken after that place", () => {
    const rig = startRig("steps:\n  - { name: wait, type: wait_for_event, event: go }");
    rig.signal("go", { n: 1 });
    const seq = rig.history.find(({ type }) => type === "SignalReceived")?.seq ?? 0;
    assert.deepEqual(forkAt(rig, seq).begun, [
      "ExecutionForked",
      "StepStarted wait",
      "StepCompleted wait",
      "ExecutionCompleted",
    ]);
  });

  it("is neither paused nor anybody's child, and has its whole time", () => {
    const rig = startRig(`timeout: 1m\nsteps:\n  - { name: a, ${CALL} }`, { parentDepth: 3 });
    rig.send({ kind: "Pause", id: "pause", freezeTimers: true });
    const { execution } = forkAt(rig, rig.history.length);
    assert.equal(execution.status, "running");
    assert.equal(execution.parent, null);
    assert.equal(execution.due, START + 3_600_000 + 60_000);
  });

  it("can be made of every place before the winding up", () => {
    const rig = startRig(`steps:
  - name: t
    type: try
    steps:
      - { name: a, ${CALL}, retry: { max_attempts: 2, initial_delay: 1s } }
    catch: [ { steps: [ { name: c, ${CALL} } ] } ]
    finally: [ { name: f, ${CALL} } ]
  - name: p
    type: parallel
    branches:
      - { name: left, steps: [ { name: x, ${CALL}, fallback_step: s } ] }
      - { name: right, steps: [ { name: y, type: loop, times: 2, parallel: true, steps: [ { name: i, ${CALL} } ] } ] }
  - { name: v, type: set, variables: { n: 1 } }
  - { name: z, ${CALL}, default_output: { n: 0 } }
  - { name: s, ${CALL} }`);
    rig.fail("t.a");
    rig.pass(1000);
    rig.fail("t.a");
    for (const path of ["t.c", "t.f"]) rig.complete(path);
    rig.fail("p.left.x");
    for (const path of ["p.left.x:fallback", "p.right.y[1].i", "p.right.y[0].i"]) rig.complete(path);
    rig.fail("z");
    assert.equal(rig.execution.status, "completed");
    for (let seq = 1; seq < rig.history.length; seq++) completes(rig, forkAt(rig, seq));
  });

  const troubled = {
    "a failure with an inline path": `steps:
  - { name: a, ${CALL}, on_failure: { steps: [ { name: x, ${CALL} }, { name: y, ${CALL} } ] } }
  - { name: b, ${CALL}, depends_on: [] }`,
    "a failure that leads to a side path": `steps:
  - { name: a, ${CALL}, on_failure: h }
  - { name: b, ${CALL}, depends_on: [] }
  - { name: h, ${CALL}, on_success: i }
  - { name: i, type: wait, duration: 1s }`,
    "a failed workflow with steps for it": `error_handling: { on_failure: { steps: [ { name: e, ${CALL} }, { name: g, ${CALL} } ] } }
steps:
  - { name: a, ${CALL}, compensate: { executor: shop, function: undo } }
  - { name: b, ${CALL} }`,
    "rules that let the flow go on, and one that ends it": `error_handling:
  - { condition: "$.a.status == 'failed'", action: { type: continue } }
  - { condition: "$.b.status == 'failed'", action: { type: return_error, message: No. } }
steps:
  - { name: a, ${CALL} }
  - { name: b, ${CALL} }`,
    "an inline fallback in a loop that goes on": `steps:
  - name: l
    type: loop
    times: 2
    fail_fast: false
    steps: [ { name: a, ${CALL}, fallback: { steps: [ { name: s, ${CALL} }, { name: t, ${CALL} } ] } }, { name: b, ${CALL} } ]`,
  };
  for (const [name, spec] of Object.entries(troubled)) {
    it(`comes to an end from every place of ${name}`, () => {
      const rig = startRig(spec);
      for (let n = 0; !rig.execution.hasEnded && n < 50; n++) {
        const step = [...rig.execution.steps.values()].find(({ status }) => status === "scheduled");
        if (step === undefined) rig.pass(1000);
        else if (step.path.endsWith("a") || step.path.endsWith("b")) rig.fail(step.path);
        else rig.complete(step.path);
      }
      assert.ok(rig.execution.hasEnded);
      let count = 0;
      for (let seq = 1; seq < rig.history.length; seq++) {
        if (!isFit(rig, seq)) continue;
        ends(rig, forkAt(rig, seq));
        count += 1;
      }
      assert.ok(count > 2);
    });
  }

  it("ends the origin where that is asked for, by a message of its own", () => {
    const rig = startRig(`steps:\n  - { name: a, ${CALL} }`);
    const fork = forkAt(rig, rig.history.length);
    const forked = fork.events.find(({ type }) => type === "ExecutionForked");
    assert.ok(forked?.type === "ExecutionForked");
    assert.deepEqual(reactionsOf(rig.definition, fork.execution, forked), []);
    const asked: HistoryEvent = { ...forked, data: { ...forked.data, terminates_origin: true } };
    assert.deepEqual(reactionsOf(rig.definition, fork.execution, asked), [
      {
        kind: "SendCommand",
        executionId: "e",
        command: { kind: "Terminate", id: "fork", reason: "It goes on as execution f." },
      },
    ]);
  });
});

function isFit(rig: Rig, seq: number): boolean {
  const execution = createExecution({ id: "f", workspace: "default" });
  for (const event of rig.history.slice(0, seq)) evolve(rig.definition, execution, event);
  const [last, next] = [rig.history[seq - 1], rig.history[seq]];
  const isHalf = last !== undefined && next !== undefined && belongsToNext(execution, last, next);
  return forkRefusal(execution) === null && !isHalf;
}

/** Whatever there is to be done is done, and then it is over. */
function ends(rig: Rig, { execution, events }: Fork): void {
  let now = execution.lastAt;
  for (let round = 0; round < 50 && !execution.hasEnded; round++) {
    const step = [...execution.steps.values()].find(({ status }) => status === "scheduled");
    now += 1000;
    const context = { now, environment: new Map(), limits: ENGINE_LIMITS };
    const { path = "", attempt = 0 } = step ?? {};
    const from = { path, attempt, startedAt: null, instance: null };
    const isPath = !path.endsWith("a") && !path.endsWith("b");
    const answer: Command =
      step === undefined
        ? { kind: "WakeUp" }
        : isPath
          ? { kind: "CompleteTask", ...from, output: {}, http: null }
          : { kind: "FailTask", ...from, error: { code: "BROKEN", message: "It broke." } };
    decide(rig.definition, execution, answer, context);
  }
  assert.ok(execution.hasEnded, `an end after ${events.length} events`);
}

/** Answers every task until nothing is left to do. */
function completes(rig: Rig, { execution, events }: Fork): void {
  const context = { now: execution.lastAt, environment: new Map(), limits: ENGINE_LIMITS };
  for (let round = 0; round < 50 && !execution.hasEnded; round++) {
    const step = [...execution.steps.values()].find(({ status }) => status === "scheduled");
    assert.ok(step !== undefined, `something to be open after ${events.length} events`);
    const { path, attempt } = step;
    const answer = {
      kind: "CompleteTask",
      path,
      attempt,
      output: {},
      http: null,
      startedAt: null,
      instance: null,
    } as const;
    assert.ok(decide(rig.definition, execution, answer, context).length > 0);
  }
  assert.equal(execution.status, "completed");
}
