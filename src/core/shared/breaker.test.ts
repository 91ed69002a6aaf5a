import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Json } from "../base/json.ts";
import { createRandom } from "../base/random.ts";
import type { AskCircuit, BreakerCommand, BreakerSettings, CallOutcome } from "../engine/circuit.ts";
import type { AnswerCircuit } from "../engine/commands.ts";
import { BREAKER, type Breaker, circuitView, phaseAt, trialsOf } from "./breaker.ts";

const START = Date.UTC(2027, 0, 1);

const SETTINGS: BreakerSettings = {
  failureThreshold: 3,
  failureRateThreshold: null,
  recoveryTimeoutMs: 30_000,
  halfOpenCallsMax: 2,
};

/** A breaker with the rows that a store would keep of it, and what it has said to executions. */
function createRig(settings: BreakerSettings = SETTINGS) {
  let state = BREAKER.create();
  let now = START;
  let calls = 0;
  const rows = new Map<string, Json>();
  const answers = new Map<string, AnswerCircuit["verdict"]>();

  const rig = {
    get state(): Breaker {
      return state;
    },
    get phase() {
      return phaseAt(state, now);
    },
    rows,
    answers,
    get now() {
      return now;
    },
    send(command: BreakerCommand): readonly string[] {
      const { events } = BREAKER.decide(state, command, now);
      for (const { rows: written, sends } of events.map((event) => BREAKER.consequencesOf(state, event))) {
        for (const { member, body } of written) {
          if (body === null) rows.delete(member);
          else rows.set(member, structuredClone(body));
        }
        for (const { executionId, command: sent } of sends) {
          assert.equal(sent.kind, "AnswerCircuit");
          if (sent.kind === "AnswerCircuit") answers.set(`${executionId}/${sent.path}/${sent.attempt}`, sent.verdict);
        }
      }
      return events.map(({ kind }) => kind);
    },
    /** What was answered at once; undefined: it stands in line. */
    ask(id: string, mode: AskCircuit["mode"] = "fail") {
      const taskId = `${id}/pay/1`;
      answers.delete(taskId);
      const call = { target: "shop/pay", taskId, executionId: id, path: "pay", attempt: 1, mode, settings };
      rig.send({ kind: "AskCircuit", ...call });
      return answers.get(taskId);
    },
    report: (id: string, outcome: CallOutcome) =>
      rig.send({ kind: "ReportCall", taskId: `${id}/pay/1`, outcome, settings }),
    fail(count: number) {
      for (let i = 0; i < count; i++) rig.report(`bad${calls++}`, "failure");
    },
    pass(ms: number) {
      const end = now + ms;
      for (let due = BREAKER.dueAt(state); due !== null && due <= end; due = BREAKER.dueAt(state)) {
        now = Math.max(now, due);
        assert.notEqual(rig.send({ kind: "Tick" }).length, 0, "a tick that it has asked for changes something");
      }
      now = end;
    },
    /** As after a crash: from the rows alone, in any order. */
    restart() {
      const fresh = BREAKER.create();
      for (const [member, body] of [...rows].reverse()) BREAKER.restore(fresh, member, body);
      state = fresh;
    },
  };
  return rig;
}

describe("closed", () => {
  test("it opens at so many failures in a row", () => {
    const rig = createRig();
    rig.fail(2);
    assert.equal(rig.phase, "closed");
    rig.fail(1);
    assert.equal(rig.phase, "open");
    assert.deepEqual(circuitView(rig.state, rig.now), {
      state: "open",
      until: START + 30_000,
      isFull: false,
      isQuiet: false,
    });
    assert.equal(rig.state.transitions.at(-1)?.reason, "3 calls in a row failed");
  });

  test("a success in between begins the count anew", () => {
    const rig = createRig();
    rig.fail(2);
    rig.report("good", "success");
    rig.fail(2);
    assert.equal(rig.phase, "closed");
  });

  test("a call that says nothing does not count", () => {
    const rig = createRig();
    for (let i = 0; i < 5; i++) rig.report("cancelled", "none");
    assert.equal(rig.state.failures, 0);
  });

  test("each lost lease of a task counts", () => {
    const rig = createRig();
    for (let i = 0; i < 3; i++) rig.report("same", "failure");
    assert.equal(rig.phase, "open");
  });

  test("successes of a target that is well write nothing", () => {
    const rig = createRig();
    assert.deepEqual(rig.report("good", "success"), []);
    assert(BREAKER.isIdle(rig.state));
    assert.equal(rig.rows.size, 0);
    rig.fail(1);
    assert.equal(rig.rows.size, 1);
    rig.report("good", "success");
    assert(BREAKER.isIdle(rig.state));
    assert.equal(rig.rows.size, 0);
  });

  test("it opens at a share of failures, once ten calls have ended within a minute", () => {
    const rig = createRig({ ...SETTINGS, failureThreshold: 100, failureRateThreshold: 0.5 });
    for (let i = 0; i < 5; i++) rig.report(`good${i}`, "success");
    rig.fail(4);
    assert.equal(rig.phase, "closed");
    rig.pass(1);
    rig.fail(1);
    assert.equal(rig.phase, "open");
    assert.equal(rig.state.transitions.at(-1)?.reason, "5 of 10 calls within 60 s failed");
  });

  test("what ended more than a minute ago does not count for the share", () => {
    const rig = createRig({ ...SETTINGS, failureThreshold: 100, failureRateThreshold: 0.5 });
    rig.fail(9);
    rig.pass(60_000);
    rig.fail(5);
    assert.equal(rig.phase, "closed");
  });
});

describe("open", () => {
  test("who asks is refused until the recovery time-out is over", () => {
    const rig = createRig();
    rig.fail(3);
    rig.pass(29_999);
    assert.equal(rig.ask("a"), "open");
    rig.pass(1);
    assert.equal(rig.ask("a"), "permit");
  });

  test("the outcome of a call that was under way changes nothing", () => {
    const rig = createRig();
    rig.fail(3);
    rig.report("old", "success");
    rig.pass(30_000);
    assert.equal(rig.ask("a"), "permit");
    rig.report("old2", "failure");
    assert.equal(rig.phase, "half_open");
  });

  test("who waits stands in line and is let through in turn", () => {
    const rig = createRig();
    rig.fail(3);
    for (const id of ["a", "b", "c"]) assert.equal(rig.ask(id, "wait"), undefined);
    rig.pass(30_000);
    assert.deepEqual([...rig.answers.keys()].slice(-2), ["a/pay/1", "b/pay/1"]);
    rig.report("a", "success");
    assert.equal(
      rig.answers.get("c/pay/1"),
      undefined,
      "two successes are enough to close, so no third call is let through",
    );
    rig.report("b", "success");
    assert.equal(rig.phase, "closed");
    assert.equal(rig.answers.get("c/pay/1"), "closed");
    assert.deepEqual([...rig.rows.keys()].sort(), ["", "transitions"]);
  });

  test("a long line is let go of in pieces, and all of it", () => {
    const rig = createRig();
    rig.fail(3);
    for (let i = 0; i < 1200; i++) rig.ask(`w${i}`, "wait");
    rig.send({ kind: "ResetBreaker", by: "ada" });
    assert.equal(rig.answers.size, 500);
    rig.pass(0);
    assert.equal(rig.answers.size, 1200);
    assert.equal(rig.state.line.size, 0);
  });
});

describe("half open", () => {
  const halfOpen = (settings?: BreakerSettings) => {
    const rig = createRig(settings);
    rig.fail(3);
    rig.pass(30_000);
    return rig;
  };

  test("it lets no more calls through than it may", () => {
    const rig = halfOpen();
    assert.deepEqual(
      ["a", "b", "c"].map((id) => rig.ask(id)),
      ["permit", "permit", "open"],
    );
    assert(circuitView(rig.state, rig.now).isFull);
  });

  test("one failure opens it again, and the other calls say nothing any more", () => {
    const rig = halfOpen();
    rig.ask("a");
    rig.ask("b");
    rig.report("a", "failure");
    assert.equal(rig.phase, "open");
    assert.equal(rig.state.until, rig.now + 30_000);
    rig.report("b", "success");
    assert.equal(rig.phase, "open");
  });

  test("a call that says nothing gives its permit back", () => {
    const rig = halfOpen({ ...SETTINGS, halfOpenCallsMax: 1 });
    rig.ask("a");
    rig.ask("b", "wait");
    rig.report("a", "none");
    assert.equal(rig.answers.get("b/pay/1"), "permit");
  });

  test("who asks twice is answered twice, and has one permit", () => {
    const rig = halfOpen();
    assert.equal(rig.ask("a"), "permit");
    assert.equal(rig.ask("a"), "permit");
    assert.equal(rig.ask("b"), "permit");
  });

  test("a call that never ends does not keep its place for ever, and its end still counts", () => {
    const rig = halfOpen({ ...SETTINGS, halfOpenCallsMax: 1 });
    rig.ask("slow");
    rig.ask("next", "wait");
    rig.pass(59_999);
    assert.equal(rig.answers.get("next/pay/1"), undefined);
    rig.pass(1);
    assert.equal(rig.answers.get("next/pay/1"), "permit");
    rig.report("slow", "success");
    assert.equal(rig.phase, "closed");
  });

  test("fewer calls than before are enough once the settings say so", () => {
    const rig = halfOpen();
    rig.ask("a");
    rig.report("a", "success");
    const settings = { ...SETTINGS, halfOpenCallsMax: 1 };
    rig.send({ kind: "ReportCall", taskId: "other/pay/1", outcome: "success", settings });
    assert.equal(rig.phase, "closed");
  });
});

describe("by hand", () => {
  test("a reset closes it, says by whom, and lets everybody go on", () => {
    const rig = createRig();
    rig.fail(3);
    rig.ask("a", "wait");
    rig.send({ kind: "ResetBreaker", by: "ada" });
    assert.equal(rig.phase, "closed");
    assert.equal(rig.answers.get("a/pay/1"), "closed");
    assert.deepEqual(rig.state.transitions.at(-1), { at: START, from: "open", to: "closed", reason: "reset by ada" });
    assert.deepEqual(rig.send({ kind: "ResetBreaker", by: "bob" }), []);
  });

  test("what nobody has asked for in a week is forgotten", () => {
    const rig = createRig();
    rig.fail(3);
    rig.pass(30_000);
    rig.ask("a");
    rig.pass(7 * 86_400_000);
    assert.equal(rig.rows.size, 0);
    assert(BREAKER.isIdle(rig.state));
  });
});

test("whatever comes in whatever order: no more permits than allowed, nobody is lost in the line, and rows tell it all", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = createRandom(`breaker ${seed}`);
    const upTo = (n: number) => Math.floor(random() * n);
    const settings: BreakerSettings = {
      failureThreshold: 1 + upTo(4),
      failureRateThreshold: random() < 0.5 ? null : 0.3,
      recoveryTimeoutMs: 1000 + upTo(40_000),
      halfOpenCallsMax: 1 + upTo(3),
    };
    const rig = createRig(settings);
    /** Calls that were let through and have not ended, and those that have had no answer yet. */
    const running = new Set<string>();
    const waiting = new Set<string>();
    const settle = () => {
      for (const [taskId, verdict] of rig.answers) {
        const id = taskId.slice(0, -"/pay/1".length);
        if (waiting.delete(id) && verdict !== "open") running.add(id);
      }
      rig.answers.clear();
    };
    const pick = (ids: ReadonlySet<string>) => [...ids][upTo(ids.size)];
    for (let n = 0; n < 150; n++) {
      const before = rig.phase;
      const roll = random();
      const someone = pick(running);
      const waiter = pick(waiting);
      if (roll < 0.4) {
        waiting.add(`e${n}`);
        const verdict = rig.ask(`e${n}`, random() < 0.6 ? "wait" : "fail");
        if (before === "open") assert.notEqual(verdict, "permit");
        if (before === "open") assert.notEqual(verdict, "closed");
      } else if (roll < 0.75 && someone !== undefined) {
        const outcome = random() < 0.5 ? "failure" : random() < 0.8 ? "success" : "none";
        running.delete(someone);
        rig.report(someone, outcome);
        if (random() < 0.1) rig.report(someone, outcome);
      } else if (roll < 0.8 && waiter !== undefined) {
        waiting.delete(waiter);
        rig.report(waiter, "none");
      } else if (roll < 0.83) rig.send({ kind: "ResetBreaker", by: "ada" });
      else if (roll < 0.88) rig.restart();
      else rig.pass(upTo(30_000));
      settle();
      const { state, now } = rig;
      if (state.phase === "half_open") {
        assert(trialsOf(state, now).length <= settings.halfOpenCallsMax, `seed ${seed}, step ${n}`);
      } else assert.equal(state.permits.size, 0);
      for (const id of waiting) assert(state.line.has(`${id}/pay/1`), `seed ${seed}, step ${n}: ${id} stands in line`);
      assert.equal(state.line.size, waiting.size);
      assert.equal(rig.rows.size, memberRows(state), `seed ${seed}, step ${n}: a row for each member`);
    }
    // Everybody comes to an end: calls succeed from here on, and time passes.
    for (let n = 0; n < 400 && (waiting.size > 0 || running.size > 0); n++) {
      for (const id of running) rig.report(id, "success");
      running.clear();
      rig.pass(60_000);
      settle();
    }
    assert.equal(waiting.size, 0, `seed ${seed}: nobody waits for ever`);
  }
});

function memberRows(state: Breaker): number {
  const own = BREAKER.isIdle(state) ? 0 : 1;
  return own + (state.transitions.length > 0 ? 1 : 0) + state.permits.size + state.line.size;
}
