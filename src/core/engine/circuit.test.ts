import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { targetOf } from "../language/breakers.ts";
import { type CircuitView, CLOSED_CIRCUIT, circuitOpen, outcomeOf } from "./circuit.ts";
import type { AnswerCircuit } from "./commands.ts";
import type { HistoryEvent } from "./events.ts";
import { reactionsOf } from "./reactions.ts";
import { type Rig, type RigOptions, START, startRig } from "./rig.test.ts";

/** Every history that a test makes must replay to the state it left. */
const rigs: Rig[] = [];

afterEach(() => {
  for (const rig of rigs.splice(0)) {
    const { fresh, live } = rig.replayed();
    assert.deepEqual(fresh, live);
  }
});

const BREAKER = "circuit_breaker: { failure_threshold: 2, recovery_timeout: 30s, half_open_max_calls: 1 }";
const STEP = `name: a, executor: e, function: f, ${BREAKER}`;

/** With a breaker that a test can turn. */
function start(spec: string, first: Partial<CircuitView> = {}, options: RigOptions = {}) {
  let view: CircuitView = { ...CLOSED_CIRCUIT, ...first };
  const rig = startRig(spec, { ...options, circuit: () => view });
  rigs.push(rig);
  const answer = (verdict: AnswerCircuit["verdict"], more: Partial<AnswerCircuit> = {}) => {
    const path = more.path ?? "a";
    const attempt = (rig.execution.steps.get(path)?.attempt ?? 0) + 1;
    return rig.send({ kind: "AnswerCircuit", path, attempt, target: "e/f", verdict, until: null, ...more });
  };
  const turn = (next: Partial<CircuitView>) => {
    view = { ...CLOSED_CIRCUIT, ...next };
  };
  /** What is sent to breakers because of events of that type, in short. */
  const told = (type: HistoryEvent["type"]) =>
    rig.history
      .filter((event) => event.type === type)
      .flatMap((event) => reactionsOf(rig.definition, rig.execution, event))
      .flatMap((reaction) => {
        if (reaction.kind !== "SendShared" || reaction.place.kind !== "breaker") return [];
        const { command } = reaction;
        if (command.kind === "AskCircuit") return [`ask ${command.taskId} ${command.mode}`];
        return command.kind === "ReportCall" ? [`${command.outcome} ${command.taskId}`] : [];
      });
  return { rig, answer, turn, told };
}

const OPEN = { state: "open", until: START + 30_000, isQuiet: false } as const;
const HALF_OPEN = { state: "half_open", isQuiet: false } as const;

describe("while it is closed", () => {
  test("a call is scheduled at once and knows its target", () => {
    const { rig, told } = start(`steps: [ { ${STEP} } ]`);
    assert.deepEqual(rig.last("StepScheduled").circuit, { target: "e/f" });
    rig.complete("a");
    assert.deepEqual(told("StepCompleted"), [], "a success of a target that is well is not worth a message");
  });

  test("a failure is told, and a success after it", () => {
    const { rig, turn, told } = start(`steps: [ { ${STEP}, retry: { max_attempts: 2, jitter: false } } ]`);
    rig.fail("a");
    assert.deepEqual(told("StepAttemptFailed"), ["failure e/a/1"]);
    turn({ isQuiet: false });
    rig.pass(1000);
    rig.complete("a");
    assert.deepEqual(told("StepCompleted"), ["success e/a/2"]);
  });

  test("where the share of failures counts, every success is told", () => {
    const { rig, told } = start(
      "steps: [ { name: a, executor: e, function: f, circuit_breaker: { failure_rate_threshold: 0.5 } } ]",
    );
    rig.complete("a");
    assert.deepEqual(told("StepCompleted"), ["success e/a/1"]);
  });

  test("a step that declares none neither counts nor is stopped", () => {
    const { rig, told } = start("steps: [ { name: a, executor: e, function: f } ]", OPEN);
    assert.equal(rig.last("StepScheduled").circuit, undefined);
    rig.fail("a");
    assert.deepEqual(told("StepFailed"), []);
  });
});

describe("while it is open", () => {
  test("a call fails at once, and no attempt is used up", () => {
    const { rig } = start(`steps: [ { ${STEP}, retry: { max_attempts: 3 } } ]`, OPEN);
    const { error } = rig.last("ExecutionFailed");
    assert.equal(error.code, "CIRCUIT_OPEN");
    assert.match(error.message, /"e\/f".*2027-01-01T00:00:30\.000Z/);
    assert.deepEqual(error.details, { target: "e/f", until: "2027-01-01T00:00:30.000Z" });
    assert.equal(rig.execution.steps.get("a")?.attempt, 0);
    assert(!rig.history.some(({ type }) => type === "StepScheduled"));
  });

  test("a further attempt is not made, and the last failure is the cause", () => {
    const { rig, turn } = start(`steps: [ { ${STEP}, retry: { max_attempts: 5, jitter: false } } ]`);
    rig.fail("a");
    turn(OPEN);
    assert.deepEqual(rig.pass(1000), ["StepFailed a", "ExecutionFailed"]);
    const { error } = rig.last("StepFailed");
    assert.equal(error.code, "CIRCUIT_OPEN");
    assert.equal(error.cause?.code, "BROKEN");
    assert.equal(rig.execution.steps.get("a")?.attempt, 1);
  });

  test("its fallback applies, also where the step has a failure edge", () => {
    const { rig } = start(
      `steps: [ { ${STEP}, on_failure: b, default_output: { kept: true } }, { name: b, type: set, variables: { x: 1 } } ]`,
      OPEN,
    );
    assert.equal(rig.statuses()["a"], "completed");
    assert.deepEqual(rig.execution.steps.get("a")?.output, { kept: true });
  });

  test("who names the code in retry_on tries again once the breaker may let calls through", () => {
    const { rig, turn } = start(
      `steps: [ { ${STEP}, retry: { max_attempts: 2, jitter: false, initial_delay: 1ms, retry_on: CIRCUIT_OPEN } } ]`,
      OPEN,
    );
    assert.equal(rig.last("CallRefused").retry_at, "2027-01-01T00:00:30.000Z");
    assert.deepEqual(rig.pass(29_999), []);
    turn(CLOSED_CIRCUIT);
    assert.deepEqual(rig.pass(1), ["StepScheduled a"]);
    assert.equal(rig.execution.steps.get("a")?.attempt, 1);
  });

  test("`on_open: wait` asks and waits, and goes on with the permit and the input of then", () => {
    const { rig, answer, turn, told } = start(
      "steps: [ { name: a, executor: e, function: f, input: { n: 1 }, total_timeout: 10m, circuit_breaker: { on_open: wait } } ]",
      OPEN,
    );
    assert.deepEqual(told("CircuitAsked"), ["ask e/a/1 wait"]);
    assert.equal(rig.statuses()["a"], "waiting");
    turn(HALF_OPEN);
    assert.deepEqual(answer("permit"), ["StepScheduled a"]);
    const [, offer] = [rig.last("CircuitAsked"), reactionsOf(rig.definition, rig.execution, lastOf(rig))[0]];
    assert(offer?.kind === "OfferTask");
    assert.deepEqual(offer.task.input, { n: 1 });
    assert.equal(offer.task.circuit?.target, "e/f");
    assert.equal(offer.task.deadline, START + 600_000, "the time for all attempts counts from when it asked");
    rig.complete("a");
    assert.deepEqual(told("StepCompleted"), ["success e/a/1"]);
  });

  test("the time for all attempts ends the waiting, and the breaker hears of that", () => {
    const { rig, told } = start(
      "steps: [ { name: a, executor: e, function: f, total_timeout: 10s, circuit_breaker: { on_open: wait } } ]",
      OPEN,
    );
    assert.deepEqual(rig.pass(10_000), ["StepFailed a", "ExecutionFailed"]);
    assert.equal(rig.last("StepFailed").error.code, "TIMEOUT");
    assert.deepEqual(told("StepFailed"), ["none e/a/1"]);
  });
});

describe("while it is half open", () => {
  test("a call asks first; a permit lets it go, and its end is told in any case", () => {
    const { rig, answer, told } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    assert.deepEqual(told("CircuitAsked"), ["ask e/a/1 fail"]);
    answer("permit");
    assert.deepEqual(rig.last("StepScheduled").circuit, { target: "e/f", permit: true });
    assert.deepEqual(answer("permit"), [], "an answer that comes twice is heard once");
    rig.send({ kind: "Cancel", id: "c", reason: "no more" });
    assert.deepEqual(told("StepCancelled"), ["none e/a/1"]);
  });

  test("a call that is refused fails, and tells nothing", () => {
    const { rig, answer, told } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    assert.deepEqual(answer("open"), ["StepFailed a", "ExecutionFailed"]);
    assert.equal(rig.last("StepFailed").error.code, "CIRCUIT_OPEN");
    assert.match(rig.last("StepFailed").error.message, /no call to spare/);
    assert.deepEqual(told("StepFailed"), []);
    assert.equal(rig.execution.steps.get("a")?.attempt, 0);
  });

  test("where no call is to spare it fails without asking", () => {
    const { rig } = start(`steps: [ { ${STEP} } ]`, { ...HALF_OPEN, isFull: true });
    assert.equal(rig.last("ExecutionFailed").error.code, "CIRCUIT_OPEN");
  });

  test("a permit that came to nothing meanwhile is none", () => {
    const { rig, answer, turn } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    turn(OPEN);
    assert.deepEqual(answer("permit"), ["StepFailed a", "ExecutionFailed"]);
    assert.equal(rig.last("StepFailed").error.code, "CIRCUIT_OPEN");
  });

  test("`closed` is not believed once it is open again: the step asks anew", () => {
    const { answer, turn } = start(
      "steps: [ { name: a, executor: e, function: f, circuit_breaker: { on_open: wait } } ]",
      OPEN,
    );
    assert.deepEqual(answer("closed"), ["CircuitAsked a"]);
    turn(CLOSED_CIRCUIT);
    assert.deepEqual(answer("closed"), ["StepScheduled a"]);
  });

  test("what nobody can look at is asked", () => {
    const { answer } = start(`steps: [ { ${STEP} } ]`, { state: "unknown", isQuiet: false });
    assert.deepEqual(answer("closed"), ["StepScheduled a"]);
  });

  test("a pause begins nothing: after it the step asks again", () => {
    const { rig, answer } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    rig.send({ kind: "Pause", id: "p", freezeTimers: false });
    assert.deepEqual(answer("permit"), []);
    assert.deepEqual(rig.send({ kind: "Resume", id: "r" }), ["ExecutionResumed", "CircuitAsked a"]);
    assert.deepEqual(answer("permit"), ["StepScheduled a"]);
  });

  test("an execution that is terminated gives back what it holds", () => {
    const { rig, told } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    rig.send({ kind: "Terminate", id: "t", reason: "enough" });
    assert.deepEqual(told("ExecutionCancelled"), ["none e/a/1"]);
  });

  test("a retry of the execution asks under a number that was not used up", () => {
    const { rig, answer, turn, told } = start(`steps: [ { ${STEP} } ]`, HALF_OPEN);
    answer("open");
    turn(CLOSED_CIRCUIT);
    rig.send({ kind: "Retry", id: "r" });
    assert.equal(rig.execution.steps.get("a")?.attempt, 1);
    assert.deepEqual(told("StepScheduled"), []);
  });
});

test("what ends outside of the call does not count against its target", () => {
  const error = (code: string, more: object = {}) => ({ code, message: "", ...more });
  const cases: readonly (readonly [string, ReturnType<typeof outcomeOf>])[] = [
    ["TIMEOUT", "failure"],
    ["CONNECTION_FAILED", "failure"],
    ["HTTP_503", "failure"],
    ["HTTP_429", "failure"],
    ["HTTP_404", "success"],
    ["HTTP_408", "success"],
    ["CANCELLED", "none"],
    ["EXECUTOR_UNAVAILABLE", "none"],
    ["EXPRESSION_ERROR", "success"],
    ["PAYLOAD_TOO_LARGE", "success"],
    ["OUT_OF_PAPER", "failure"],
  ];
  for (const [code, outcome] of cases) assert.equal(outcomeOf(error(code), false), outcome, code);
  assert.equal(outcomeOf(error("OUT_OF_PAPER", { retryable: false }), true), "success");
});

test("a target is a function, a service, or an address without what is nobody's business", () => {
  const target = (step: string, input: unknown = null) => {
    const { definition } = startRig(`steps: [ { name: a, ${step} } ]`);
    const [first] = definition.steps;
    return first === undefined ? null : targetOf(definition, first, input as never);
  };
  assert.equal(target("executor: shop, function: pay"), "shop/pay");
  assert.equal(target("type: http, service: billing, endpoint: /x"), "service/billing");
  assert.equal(target("type: http, url: 'https://User:secret@API.Example.com:443/a?b=c'"), "https://api.example.com");
  assert.equal(target("type: http, url: 'http://api.example.com:8080/a'"), "http://api.example.com:8080");
  assert.equal(target("type: http, url: $.input.url"), null, "known when it runs");
  assert.equal(target("type: http, url: $.input.url", { url: "https://x.example/y" }), "https://x.example");
  assert.equal(target("type: http, url: $.input.url", { url: "no address" }), "http/test/a");
  assert.equal(target("type: database, connection: main, sql: select 1"), "database/main");
});

test("the error says until when, and asks not to be repeated before", () => {
  assert.equal(circuitOpen("a/b", START + 1500, START, null).retry_after, 1.5);
  assert.equal(circuitOpen("a/b", null, START, null).retry_after, 1);
});

function lastOf({ history }: Rig): HistoryEvent {
  const event = history.at(-1);
  assert(event !== undefined);
  return event;
}
