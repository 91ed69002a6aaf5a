import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Rig, START, startRig } from "../engine/rig.test.ts";
import { awaitedChildren, explain } from "./explain.ts";
import type { ExecutorFacts, ExplainFacts } from "./explain-step.ts";
import type { ExplanationMessage } from "./explanations.ts";
import { addEvent, createView, type View } from "./view.ts";

const TASK = "executor: payments, function: charge";

const FACTS: ExplainFacts = {
  status: "running",
  createdAt: START,
  quarantine: null,
  leases: new Map(),
  executor: () => null,
  breaker: () => null,
  queuedAt: null,
  line: () => null,
  childStatus: () => null,
};

function viewOf(rig: Rig): View {
  const view = createView(rig.definition, { id: "e", workspace: "default" });
  for (const event of rig.history) addEvent(view, event);
  return view;
}

function why(rig: Rig, facts: Partial<ExplainFacts> = {}): ExplanationMessage {
  return explain(viewOf(rig), { ...FACTS, ...facts });
}

/** `kind path` of each wait. */
function kinds(rig: Rig): readonly string[] {
  return why(rig).waits.map(({ kind, path }) => `${kind} ${path ?? "-"}`);
}

function online(...instances: readonly Partial<ExecutorFacts["instances"][number]>[]): ExecutorFacts {
  const each = { isOnline: true, lastSeen: START, functions: [], labels: {} };
  return {
    status: "online",
    health: "healthy",
    waiting: 3,
    instances: instances.map((instance) => ({ ...each, ...instance })),
  };
}

describe("a task that nobody has taken", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK}, queue_timeout: 5m, labels: { region: eu } }]`);

  test("waits for an executor of which nobody has heard", () => {
    assert.deepEqual(why(rig), {
      execution_id: "e",
      status: "running",
      sentence: `Step "a" waits for executor "payments" since 2027-01-01T00:00:00.000Z: no instance of it polls (nobody of that name has polled).`,
      waits: [
        {
          kind: "executor",
          path: "a",
          step: "a",
          since: "2027-01-01T00:00:00.000Z",
          until: "2027-01-01T00:05:00.000Z",
          sentence: why(rig).sentence,
          details: {
            executor: "payments",
            function: "charge",
            attempt: 1,
            executor_status: "unknown",
            executor_health: "unknown",
            instances_online: 0,
            instances_fitting: 0,
            tasks_waiting: 0,
            last_seen: null,
          },
        },
      ],
      hidden: 0,
    });
  });

  test("waits for an executor that is gone, and says when it was last there", () => {
    const gone = online({ isOnline: false, lastSeen: START - 60_000 });
    assert.match(why(rig, { executor: () => gone }).sentence, /\(the last poll was at 2026-12-31T23:59:00\.000Z\)\.$/);
  });

  test("waits although somebody is there, whose function or labels are others", () => {
    for (const other of [{ functions: ["refund"], labels: { region: "eu" } }, { labels: { region: "us" } }]) {
      const { sentence, waits } = why(rig, { executor: () => online(other) });
      assert.match(sentence, /: 1 instance is online, but none has function "charge" and the labels of the step\.$/);
      assert.equal(waits[0]?.details["instances_fitting"], 0);
    }
  });

  test("waits its turn where instances fit", () => {
    const fits = { functions: ["charge"], labels: { region: "eu" } };
    const { sentence, waits } = why(rig, { executor: () => online(fits, { labels: { region: "us" } }) });
    assert.match(sentence, /: 2 instances are online, and 2 other tasks wait for it\.$/);
    assert.equal(waits[0]?.details["instances_fitting"], 1);
  });

  test("waits for the platform where that performs it itself", () => {
    const { waits } = why(startRig("steps: [{ name: a, type: http, url: 'https://example.com' }]"));
    assert.equal(waits[0]?.details["executor_status"], "builtin");
    assert.match(waits[0]?.sentence ?? "", /the platform performs "@http" itself\.$/);
  });
});

test("a task that was taken is worked on, by whom, since when and how far", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  const lease = { since: START + 2000, instance: "host-1", progress: 0.5, message: "half" };
  const { sentence, waits } = why(rig, { leases: new Map([["a", lease]]) });
  assert.equal(
    sentence,
    `Step "a" is worked on by "host-1" of "payments" since 2027-01-01T00:00:02.000Z (50 %), which says "half".`,
  );
  assert.equal(waits[0]?.kind, "running");
  assert.equal(waits[0]?.since, "2027-01-01T00:00:02.000Z");
});

test("a failed attempt is followed by another: which, when, and after what", () => {
  const rig = startRig(
    `steps: [{ name: a, ${TASK}, retry: { max_attempts: 5, backoff: fixed, initial_delay: 10s, jitter: false } }]`,
  );
  rig.pass(1000);
  rig.fail("a", { code: "BROKEN", message: "It broke" });
  const [wait] = why(rig).waits;
  assert.deepEqual(
    [wait?.kind, wait?.since, wait?.until],
    ["retry", "2027-01-01T00:00:01.000Z", "2027-01-01T00:00:11.000Z"],
  );
  assert.equal(wait?.sentence, `Step "a" begins attempt 2 of 5 at 2027-01-01T00:00:11.000Z: BROKEN: It broke.`);
  assert.deepEqual([wait?.details["attempt"], wait?.details["attempts_max"]], [2, 5]);
});

test("a pause waits for its time", () => {
  const [wait] = why(startRig("steps: [{ name: a, type: wait, duration: 1h }]")).waits;
  assert.deepEqual([wait?.kind, wait?.until], ["timer", "2027-01-01T01:00:00.000Z"]);
  assert.equal(wait?.sentence, `Step "a" waits until 2027-01-01T01:00:00.000Z.`);
});

test("a wait for an event names it, its key and its end", () => {
  const [wait] = why(
    startRig("steps: [{ name: a, type: wait_for_event, event: approve, correlation: $.input.order, timeout: 1h }]", {
      input: { order: "4711" },
    }),
  ).waits;
  assert.deepEqual([wait?.kind, wait?.details], ["event", { event: "approve", correlation_key: "4711" }]);
  assert.equal(
    wait?.sentence,
    `Step "a" waits for signal or event "approve" with key "4711" since 2027-01-01T00:00:00.000Z, until 2027-01-01T01:00:00.000Z at the latest.`,
  );
});

test("a child that is waited for is named with its own status", () => {
  const rig = startRig("steps: [{ name: a, type: workflow, workflow: ship }]");
  assert.deepEqual(awaitedChildren(viewOf(rig)), ["e.1"]);
  const { waits, sentence } = why(rig, { childStatus: (id) => (id === "e.1" ? "paused" : null) });
  assert.equal(sentence, `Step "a" waits for execution "e.1" of "ship", which is paused.`);
  assert.deepEqual(waits[0]?.details, { execution_id: "e.1", workflow: "ship", status: "paused", stopping: false });
  assert.match(why(rig).sentence, /which has not begun\.$/);
  rig.send({ kind: "Cancel", id: "c", reason: "enough" });
  const stopping = why(rig, { childStatus: () => "running" }).waits[1];
  assert.equal(stopping?.sentence, `Step "a" waits for execution "e.1" of "ship" to stop, which is running.`);
});

test("a pause comes first, and tasks are held back by it", () => {
  const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
  rig.send({ kind: "Pause", id: "p", freezeTimers: true });
  assert.deepEqual(kinds(rig), ["paused -", "executor a"]);
  const { sentence, waits, status } = why(rig);
  assert.equal(status, "paused");
  assert.match(
    sentence,
    /^It is paused since 2027-01-01T00:00:00\.000Z and goes on when it is resumed; its timers stand still; 1 step has begun/,
  );
  assert.deepEqual(waits[0]?.details, { timers: "freeze", by: "request", parent_id: null });
  assert.match(waits[1]?.sentence ?? "", /waits for the end of the pause/);
});

test("an execution that winds up says why and since when, and what it still waits for", () => {
  const rig = startRig(`
steps:
  - name: a
    type: try
    steps: [{ name: b, ${TASK} }]
    finally: [{ name: c, ${TASK} }]
`);
  rig.pass(1000);
  rig.send({ kind: "Cancel", id: "c", reason: "no longer wanted" });
  assert.deepEqual(kinds(rig), ["closing -", "executor a.c"]);
  const { sentence, waits } = why(rig);
  assert.match(sentence, /^It winds up, because it was asked to cancel: no longer wanted; 1 step has begun/);
  assert.equal(waits[0]?.since, "2027-01-01T00:00:01.000Z");
  rig.pass(1000);
  rig.send({ kind: "Pause", id: "p", freezeTimers: false });
  assert.equal(why(rig).waits[1]?.since, "2027-01-01T00:00:01.000Z", "A pause does not change when it began to.");
});

test("an execution that undoes what it did says which step", () => {
  const rig = startRig(`
steps:
  - { name: book, ${TASK}, compensate: unbook }
  - { name: pay, ${TASK} }
  - { name: unbook, ${TASK} }
`);
  rig.complete("book");
  rig.fail("pay", { retryable: false });
  assert.deepEqual(kinds(rig), ["compensating -", "executor book:compensate"]);
  const [wait] = why(rig).waits;
  assert.equal(wait?.sentence, 'It undoes what had completed: "book" is number 1 of 1.');
  assert.deepEqual(wait?.details, { path: "book", undone: 0, total: 1 });
});

test("a long list of waits is cut", () => {
  const rig = startRig(
    `
steps:
  - name: each
    type: loop
    iterate_over: $.input.items
    parallel: true
    max_concurrency: 150
    steps: [{ name: a, type: wait, duration: 1h }]
`,
    { input: { items: Array.from({ length: 150 }, (_, i) => i) } },
  );
  const { sentence, waits, hidden } = why(rig);
  assert.match(sentence, /^Step "each\[0\]\.a" waits until .*; 149 more steps have begun and not ended\.$/);
  assert.deepEqual([waits.length, hidden], [100, 50]);
});

test("what is stuck goes before what goes on", () => {
  const rig = startRig(`
steps:
  - name: both
    type: parallel
    branches:
      - { name: one, steps: [{ name: a, type: wait, duration: 1h }] }
      - { name: two, steps: [{ name: b, ${TASK} }] }
`);
  assert.deepEqual(kinds(rig), ["timer both.one.a", "executor both.two.b"]);
  assert.match(why(rig).sentence, /^Step "both\.two\.b" waits for executor .*; 1 more step has begun and not ended\.$/);
});

test("an execution that has ended says how", () => {
  const end = (act: (rig: Rig) => unknown) => {
    const rig = startRig(`timeout: 1h\nsteps: [{ name: a, ${TASK} }]`);
    act(rig);
    const { sentence, waits, status } = why(rig);
    assert.deepEqual(waits, []);
    return `${status}: ${sentence}`;
  };
  const at = "at 2027-01-01T00:00:00.000Z";
  assert.equal(
    end((rig) => rig.complete("a")),
    `completed: It completed ${at}.`,
  );
  assert.equal(
    end((rig) => rig.fail("a", { retryable: false })),
    `failed: It failed ${at}: BROKEN: It broke.`,
  );
  assert.equal(
    end((rig) => rig.send({ kind: "Cancel", id: "c", reason: "enough" })),
    `cancelled: It was cancelled ${at}: enough.`,
  );
  assert.match(
    end((rig) => rig.pass(3_600_000)),
    /^timed_out: It timed out at 2027-01-01T01:00:00\.000Z: TIMEOUT: /,
  );
});

test("an execution that has not begun, or was put aside, says so", () => {
  const { definition } = startRig(`steps: [{ name: a, ${TASK} }]`);
  const view = createView(definition, { id: "e", workspace: "default" });
  const queued = explain(view, { ...FACTS, status: "queued" });
  assert.deepEqual(
    [queued.status, queued.sentence],
    ["queued", "It was accepted at 2027-01-01T00:00:00.000Z and has not begun."],
  );
  assert.equal(explain(view, { ...FACTS, quarantine: "bad event" }).sentence, "It was put into quarantine: bad event.");
  assert.equal(
    explain(view, { ...FACTS, standstill: "no step goes on" }).sentence,
    "It stands still because of a fault of the platform, which tries to move it: no step goes on.",
  );
});
