import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Rig, START, startRig } from "../engine/rig.test.ts";
import type { ExecutionMessage } from "./executions.ts";
import { addEvent, createView, noProgress, toMessage, type View, type ViewFacts } from "./view.ts";

const TASK = "executor: e, function: f";

const FACTS: ViewFacts = { workflowId: "wf_1", createdAt: START, status: "running", leases: new Map() };

function viewOf(rig: Rig): View {
  const view = createView(rig.definition, { id: "e", workspace: "default" });
  for (const event of rig.history) addEvent(view, event);
  return view;
}

function show(rig: Rig, facts: Partial<ViewFacts> = {}): ExecutionMessage {
  return toMessage(viewOf(rig), { ...FACTS, ...facts });
}

/** Steps in short: `path status`, in the order of the list. */
function steps(rig: Rig, facts: Partial<ViewFacts> = {}): readonly string[] {
  return show(rig, facts).steps.map(
    ({ path, status, reason }) => `${path} ${status}${reason === null ? "" : ` (${reason})`}`,
  );
}

describe("an execution is shown", () => {
  test("with steps in the order of their first event, then those that have not begun in the order of the text", () => {
    const rig = startRig(`
steps:
  - { name: a, ${TASK}, on_success: c }
  - { name: b, type: set, variables: { x: 1 }, on_success: d }
  - { name: c, ${TASK}, on_success: b }
  - { name: d, ${TASK} }
`);
    assert.deepEqual(steps(rig), ["a scheduled", "b pending", "c pending", "d pending"]);
    rig.complete("a", { x: 1 });
    assert.deepEqual(steps(rig), ["a completed", "c scheduled", "b pending", "d pending"]);
    rig.complete("c");
    assert.deepEqual(steps(rig), ["a completed", "c completed", "b completed", "d scheduled"]);
  });

  test("with what it was given and what it gave", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }]\noutput: { y: $.a.y }`, { input: { x: 1 } });
    rig.pass(1500);
    rig.complete("a", { y: 2 });
    const { steps: shown, ...execution } = show(rig);
    assert.deepEqual(execution, {
      execution_id: "e",
      workflow_id: "wf_1",
      workflow_name: "test",
      version: "1.0.0",
      status: "completed",
      phase: null,
      input: { x: 1 },
      output: { y: 2 },
      error: null,
      warnings: [],
      metadata: {},
      created_at: "2027-01-01T00:00:00.000Z",
      started_at: "2027-01-01T00:00:00.000Z",
      finished_at: "2027-01-01T00:00:01.500Z",
      duration: 1.5,
      progress: { completed: 1, total: 1 },
      parent: null,
      origin: null,
    });
    assert.deepEqual(shown, [
      {
        name: "a",
        path: "a",
        type: "function",
        status: "completed",
        reason: null,
        attempts: 1,
        started_at: "2027-01-01T00:00:00.000Z",
        finished_at: "2027-01-01T00:00:01.500Z",
        duration: 1.5,
        output: { y: 2 },
        error: null,
        fallback: false,
      },
    ]);
  });

  test("as queued before its first event", () => {
    const { definition } = startRig(`steps: [{ name: a, ${TASK} }]`);
    const shown = toMessage(createView(definition, { id: "e", workspace: "default" }), { ...FACTS, status: "queued" });
    assert.equal(shown.status, "queued");
    assert.equal(shown.started_at, null);
    assert.deepEqual(shown.steps, []);
    assert.deepEqual(noProgress(definition), { completed: 0, total: 1 });
  });

  test("the same whether its events come at once or one by one", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }]`);
    rig.complete("a");
    const view = viewOf(rig);
    toMessage(view, FACTS);
    const known = rig.history.length;
    rig.complete("b");
    for (const event of rig.history.slice(known)) addEvent(view, event);
    assert.deepEqual(toMessage(view, FACTS), show(rig));
  });
});

describe("a step", () => {
  test("runs while somebody has leased its task, since then", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
    const leases = new Map([["a", { since: START + 200 }]]);
    assert.deepEqual(steps(rig, { leases }), ["a running"]);
    assert.equal(show(rig, { leases }).steps[0]?.started_at, "2027-01-01T00:00:00.200Z");
    assert.equal(show(rig).steps[0]?.started_at, null, "Nobody has begun the work.");
  });

  test("has begun when its executor says so", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }]`);
    rig.send({
      kind: "CompleteTask",
      path: "a",
      attempt: 1,
      output: {},
      http: null,
      startedAt: START + 100,
      instance: "i",
    });
    const [step] = show(rig).steps;
    assert.equal(step?.started_at, "2027-01-01T00:00:00.100Z");
  });

  test("counts its attempts and shows its last error until it completes", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK}, retry: { max_attempts: 3, initial_delay: 1s, jitter: false } }]`);
    rig.fail("a");
    const [waiting] = show(rig).steps;
    assert.deepEqual([waiting?.status, waiting?.attempts, waiting?.error?.code], ["waiting", 1, "BROKEN"]);
    rig.pass(1000);
    rig.complete("a");
    const [completed] = show(rig).steps;
    assert.deepEqual([completed?.status, completed?.attempts, completed?.error], ["completed", 2, null]);
  });

  test("whose fallback took its place says so, and shows the fallback beside it", () => {
    const rig = startRig(`
steps:
  - { name: a, ${TASK}, fallback_step: s }
  - { name: s, ${TASK} }
`);
    rig.fail("a");
    rig.complete("a:fallback", { x: 5 });
    const [a, called] = show(rig).steps;
    assert.deepEqual([a?.status, a?.fallback, a?.output], ["completed", true, { x: 5 }]);
    assert.deepEqual([called?.name, called?.path, called?.status], ["s", "a:fallback", "completed"]);
  });

  test("that was passed over is shown with the reason, of a container only the container", () => {
    const rig = startRig(`
steps:
  - { name: a, type: set, variables: { x: 1 }, when: "false" }
  - { name: b, type: condition, condition: "false", when: "false", then: [{ name: c, ${TASK} }] }
  - { name: d, ${TASK} }
`);
    assert.deepEqual(steps(rig), ["a skipped (condition)", "b skipped (condition)", "d scheduled"]);
  });

  test("in a branch that was not taken is not shown", () => {
    const rig = startRig(`
steps:
  - name: b
    type: condition
    condition: "true"
    then: [{ name: c, ${TASK} }, { name: d, ${TASK} }]
    else: [{ name: x, ${TASK} }]
`);
    assert.deepEqual(steps(rig), ["b running", "b.c scheduled", "b.d pending"]);
  });
});

describe("a failed execution", () => {
  test("shows its error, and how far it came", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }, { name: c, ${TASK} }]`);
    rig.complete("a");
    rig.fail("b");
    const shown = show(rig);
    assert.equal(shown.status, "failed");
    assert.equal(shown.error?.code, "BROKEN");
    assert.deepEqual(shown.progress, { completed: 1, total: 3 });
    assert.deepEqual(steps(rig), ["a completed", "b failed", "c cancelled"]);
  });

  test("that is retried shows no end, its failed steps as not begun and its completed ones as they are", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }, { name: c, ${TASK} }]`);
    rig.complete("a", { x: 1 });
    rig.fail("b");
    rig.send({ kind: "Retry", id: "r1" });
    const shown = show(rig);
    assert.deepEqual([shown.status, shown.error, shown.finished_at, shown.duration], ["running", null, null, null]);
    assert.deepEqual(steps(rig), ["a completed", "b scheduled", "c pending"]);
    rig.complete("b");
    rig.complete("c");
    assert.deepEqual(steps(rig), ["a completed", "b completed", "c completed"]);
  });

  test("that was terminated leaves no step open", () => {
    const rig = startRig(`steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }]`);
    rig.send({ kind: "Terminate", id: "t", reason: "Enough." });
    assert.deepEqual(steps(rig), ["a cancelled", "b cancelled"]);
    assert.deepEqual(show(rig).error, { code: "CANCELLED", message: "Enough.", details: { terminated: true } });
  });

  test("that winds up says so", () => {
    const rig = startRig(`
steps:
  - { name: t, type: try, steps: [{ name: a, ${TASK} }], finally: [{ name: z, ${TASK} }] }
`);
    rig.send({ kind: "Cancel", id: "c", reason: "Enough." });
    assert.equal(show(rig).phase, "closing");
    rig.complete("t.z");
    assert.equal(show(rig).status, "cancelled");
    assert.equal(show(rig).phase, null);
  });
});

describe("a container", () => {
  test("that is tried again begins with nothing in it", () => {
    const rig = startRig(`
steps:
  - name: t
    type: try
    retry: { max_attempts: 2, initial_delay: 1s, jitter: false }
    steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }]
`);
    rig.complete("t.a");
    rig.fail("t.b");
    assert.deepEqual(steps(rig), ["t waiting"]);
    rig.pass(1000);
    assert.deepEqual(steps(rig), ["t running", "t.a scheduled", "t.b pending"]);
  });

  test("shows the steps of all its branches", () => {
    const rig = startRig(`
steps:
  - name: p
    type: parallel
    branches: [{ name: x, steps: [{ name: a, ${TASK} }] }, { name: y, steps: [{ name: b, ${TASK} }, { name: c, ${TASK} }] }]
`);
    assert.deepEqual(steps(rig), ["p running", "p.x.a scheduled", "p.y.b scheduled", "p.y.c pending"]);
  });
});

describe("a loop", () => {
  test("shows the running, the failed and the last hundred iterations, and counts the rest", () => {
    const rig = startRig(`
steps:
  - { name: l, type: loop, times: 250, fail_fast: false, steps: [{ name: a, ${TASK} }] }
`);
    for (let i = 0; i < 200; i++) {
      if (i === 3) rig.fail(`l[${i}].a`);
      else rig.complete(`l[${i}].a`);
    }
    const shown = show(rig).steps;
    assert.deepEqual(shown[0]?.iterations, {
      total: 250,
      running: 1,
      completed: 199,
      failed: 1,
      cancelled: 0,
      hidden: 99,
    });
    const paths = shown.slice(1).map(({ path }) => path);
    assert.equal(paths[0], "l[3].a");
    assert.equal(paths[1], "l[100].a");
    assert.equal(paths.at(-1), "l[200].a");
    assert.equal(paths.length, 102);
  });

  test("inside another goes with its iteration", () => {
    const rig = startRig(`
steps:
  - name: outer
    type: loop
    times: 102
    steps:
      - { name: inner, type: loop, times: 2, steps: [{ name: a, ${TASK} }] }
`);
    for (let i = 0; i < 101; i++) for (let j = 0; j < 2; j++) rig.complete(`outer[${i}].inner[${j}].a`);
    const paths = show(rig).steps.map(({ path }) => path);
    assert.ok(!paths.some((path) => path.startsWith("outer[0]")));
    assert.deepEqual(paths.slice(1, 4), ["outer[1].inner", "outer[1].inner[0].a", "outer[1].inner[1].a"]);
    assert.equal(paths.at(-1), "outer[101].inner[0].a");
  });

  test("that is retried goes on in the iterations that did not complete, and keeps the others", () => {
    const rig = startRig(`
steps:
  - { name: l, type: loop, times: 3, steps: [{ name: a, ${TASK} }, { name: b, ${TASK} }] }
`);
    rig.complete("l[0].a");
    rig.complete("l[0].b");
    rig.complete("l[1].a");
    rig.fail("l[1].b");
    assert.equal(show(rig).status, "failed");
    rig.send({ kind: "Retry", id: "r1" });
    assert.deepEqual(steps(rig), [
      "l running",
      "l[0].a completed",
      "l[0].b completed",
      "l[1].a completed",
      "l[1].b scheduled",
    ]);
    rig.complete("l[1].b");
    const [loop] = show(rig).steps;
    assert.deepEqual(loop?.iterations, { total: 3, running: 1, completed: 2, failed: 0, cancelled: 0, hidden: 0 });
  });
});
