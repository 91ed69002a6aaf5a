/** The model itself against cases worked out by hand, rule by rule: a yardstick has to be measured too. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { predict } from "./predict.ts";
import type { Action, Answer, Step, Workflow } from "./workflow.ts";

test("rule 1: without edges the steps of a list run one after the other", () => {
  check([fn("a"), fn("b")], { a: "completed", b: "completed" }, ["task a", "task b"]);
});

test("rule 1: a list of names leads to several steps at once, and the steps in between are not led to", () => {
  check(
    [fn("a", { onSuccess: ["b", "c"] }), fn("b", { onSuccess: [] }), fn("c")],
    { a: "completed", b: "completed", c: "completed" },
    ["task a", "task b + task c", "task c"],
  );
});

test("rule 1: a step that names its origins is not led to by the step before it", () => {
  check(
    [fn("a"), fn("b", { dependsOn: [] }), fn("c", { dependsOn: ["a", "b"] })],
    { a: "completed", b: "completed", c: "completed" },
    ["task a + task b", "task b", "task c"],
  );
});

test("rule 2: a handler is dead when its step completes, and so is what only it leads to", () => {
  check([fn("a", { onFailure: { step: "x" } }), fn("b"), fn("x", { onSuccess: ["y"] }), fn("y")], {
    a: "completed",
    b: "completed",
    x: "skipped not_reached",
    y: "skipped not_reached",
  });
});

test("rule 3: a handler that stands right behind its step means to go on anyway", () => {
  check([failing("a", { onFailure: { step: "b" } }), fn("b"), fn("c")], {
    a: "failed FINAL_A",
    b: "completed",
    c: "completed",
  });
});

test("rule 3: no implicit edge enters or leaves a side step", () => {
  check([fn("a", { onFailure: { step: "x" } }), fn("b"), fn("x"), fn("c")], {
    a: "completed",
    b: "completed",
    x: "skipped not_reached",
    c: "completed",
  });
});

test("rule 3: a handler that a main step also leads to is a main step", () => {
  const steps = [failing("a", { onSuccess: ["b"], onFailure: { step: "c" } }), fn("b", { onSuccess: ["c"] }), fn("c")];
  check(steps, { a: "failed FINAL_A", b: "skipped not_reached", c: "completed" }, ["task a", "task c"]);
});

test("rule 4: a main step to which nothing leads starts beside the first", () => {
  check([fn("a", { onSuccess: ["c"] }), fn("b"), fn("c")], { a: "completed", b: "completed", c: "completed" }, [
    "task a + task b",
    "task b",
    "task c",
  ]);
});

test("rule 5: settled waits for every edge and needs one that is taken", () => {
  const steps = [
    fn("a", { onSuccess: ["c"] }),
    failing("b", { dependsOn: [], onSuccess: ["c"], onFailure: { step: "d" } }),
    fn("d"),
    fn("c"),
  ];
  check(steps, { a: "completed", b: "failed FINAL_A", c: "completed", d: "completed" }, [
    "task a + task b",
    "task b",
    "task d",
    "task c",
  ]);
});

test("rule 5: all is dead as soon as one edge is", () => {
  const steps = [
    fn("a", { onSuccess: ["c"] }),
    failing("b", { dependsOn: [], onSuccess: ["c"], onFailure: { step: "d" } }),
    fn("d"),
    fn("c", { join: "all" }),
  ];
  check(steps, { a: "completed", b: "failed FINAL_A", c: "skipped not_reached", d: "completed" });
});

test("rule 5: any begins at the first edge, once, and cancels nothing", () => {
  const steps = [fn("a", { onSuccess: ["c"] }), fn("b", { dependsOn: [], onSuccess: ["c"] }), fn("c", { join: "any" })];
  check(steps, { a: "completed", b: "completed", c: "completed" }, ["task a + task b", "task b + task c", "task c"]);
});

test("rule 6: a step whose condition is false is skipped, and the flow goes on behind it", () => {
  const steps = [fn("a", { when: false, onFailure: { step: "x" } }), fn("b"), fn("x")];
  check(steps, { a: "skipped condition", b: "completed", x: "skipped not_reached" });
});

test("rule 7: a step is tried again before anything else looks at its failure", () => {
  const steps = [
    fn("a", { retry: { attemptsMax: 2, delayMs: 1_000, codes: null }, onFailure: { step: "x" } }, [TEMPORARY, null]),
    fn("x"),
  ];
  check([...steps], { a: "completed", x: "completed" }, ["task a", "timer a", "task a", "task x"]);
});

test("rule 7: what an executor marks as final is not tried again", () => {
  const steps = [failing("a", { retry: { attemptsMax: 2, delayMs: 1_000, codes: null } })];
  check(steps, { a: "failed FINAL_A" }, ["task a"], "failed FINAL_A");
});

test("rule 8: a handler from which the main flow is reached recovers the failure", () => {
  const steps = [failing("a", { onFailure: { step: "x" } }), fn("b", { join: "any" }), fn("x", { onSuccess: ["b"] })];
  check(steps, { a: "failed FINAL_A", b: "completed", x: "completed" }, ["task a", "task x", "task b"]);
});

test("rule 8: a handler that leads nowhere ends the scope, and all but its path is cancelled", () => {
  const steps = [
    failing("a", { onFailure: { step: "x" } }),
    fn("b"),
    fn("other", { dependsOn: [] }),
    fn("x", { onSuccess: ["y"] }),
    fn("y"),
  ];
  check(
    steps,
    { a: "failed FINAL_A", b: "cancelled", other: "cancelled", x: "completed", y: "completed" },
    ["task a + task other", "task x", "task y"],
    "failed FINAL_A",
  );
});

test("rule 8: a second failure on the path is kept beside the first", () => {
  const steps = [failing("a", { onFailure: { step: "x" } }), fn("b"), fn("x", {}, [TEMPORARY])];
  const prediction = check(
    steps,
    { a: "failed FINAL_A", b: "cancelled", x: "failed TEMPORARY_A" },
    ["task a", "task x"],
    "failed FINAL_A",
  );
  assert.deepEqual(prediction.suppressed, ["TEMPORARY_A"]);
});

test("rule 8: an inline path is always final", () => {
  const steps = [failing("a", { onFailure: { steps: [fn("x"), fn("y")] } }), fn("b")];
  check(
    steps,
    { a: "failed FINAL_A", b: "cancelled", "a:on_failure.x": "completed", "a:on_failure.y": "completed" },
    ["task a", "task a:on_failure.x", "task a:on_failure.y"],
    "failed FINAL_A",
  );
});

test("rule 9: a failure that nobody handles cancels the scope, and side steps that were not led to are skipped", () => {
  const steps = [failing("a"), fn("b", { onFailure: { step: "x" } }), fn("c", { dependsOn: [] }), fn("x")];
  check(
    steps,
    { a: "failed FINAL_A", b: "cancelled", c: "cancelled", x: "skipped not_reached" },
    ["task a + task c"],
    "failed FINAL_A",
  );
});

test("rule 10: a container fails with the error of its scope, and its own handler looks at it", () => {
  const block = inline("block", { type: "condition", holds: true, whenTrue: [failing("a"), fn("b")], whenFalse: null });
  check([{ ...block, onFailure: { step: "x" } }, fn("x"), fn("c")], {
    block: "failed FINAL_A",
    "block.a": "failed FINAL_A",
    "block.b": "cancelled",
    x: "completed",
    c: "completed",
  });
});

test("rule 10: a try looks at its handlers first, by code and in their order", () => {
  const action: Action = {
    type: "try",
    steps: [failing("a")],
    catches: [
      { codes: ["OTHER"], steps: [fn("c1")] },
      { codes: ["FINAL_A"], steps: [fn("c2")] },
      { codes: [], steps: [fn("c3")] },
    ],
    finally: [fn("f")],
  };
  check([inline("t", action)], { t: "completed", "t.a": "failed FINAL_A", "t.c2": "completed", "t.f": "completed" });
});

test("rule 10: an error that no handler takes waits for finally and goes on", () => {
  const action: Action = { type: "try", steps: [failing("a")], catches: [], finally: [fn("f")] };
  check(
    [inline("t", action), fn("b")],
    { t: "failed FINAL_A", "t.a": "failed FINAL_A", "t.f": "completed", b: "cancelled" },
    ["task t.a", "task t.f"],
    "failed FINAL_A",
  );
});

test("a finally that fails turns a completed try into a failed one, and adds to an error that was there", () => {
  const action = (first: Step): Action => ({
    type: "try",
    steps: [first],
    catches: [],
    finally: [fn("f", {}, [TEMPORARY])],
  });
  const good = { t: "failed TEMPORARY_A", "t.a": "completed", "t.f": "failed TEMPORARY_A" };
  check([inline("t", action(fn("a")))], good, ["task t.a", "task t.f"], "failed TEMPORARY_A");
  const bad = { t: "failed FINAL_A", "t.a": "failed FINAL_A", "t.f": "failed TEMPORARY_A" };
  const prediction = check([inline("t", action(failing("a")))], bad, ["task t.a", "task t.f"], "failed FINAL_A");
  assert.deepEqual(prediction.suppressed, ["TEMPORARY_A"]);
});

test("rule 11: a scope in which nothing can begin any more is complete", () => {
  const block = inline("block", {
    type: "switch",
    chosen: null,
    cases: [[fn("a")]],
    default: [fn("b", { onSuccess: [] }), fn("c", { dependsOn: ["b"], join: "all", when: false })],
  });
  check([block, fn("d")], {
    block: "completed",
    "block.b": "completed",
    "block.c": "skipped condition",
    d: "completed",
  });
});

test("rule 12: return completes the execution from any depth after the finally blocks around it", () => {
  const action: Action = {
    type: "try",
    steps: [inline("r", { type: "return" }), fn("a")],
    catches: [],
    finally: [fn("f")],
  };
  const prediction = check(
    [inline("t", action), fn("b", { dependsOn: [] }), fn("c")],
    { t: "cancelled", "t.r": "completed", "t.a": "cancelled", "t.f": "completed", b: "cancelled", c: "cancelled" },
    ["task t.f"],
  );
  assert.deepEqual(prediction.output, { from: "r" });
});

test("rule 12: after a return a failing finally fails the execution", () => {
  const action: Action = {
    type: "try",
    steps: [inline("r", { type: "return" })],
    catches: [],
    finally: [failing("f")],
  };
  const steps = { t: "cancelled", "t.r": "completed", "t.f": "failed FINAL_A" };
  check([inline("t", action)], steps, ["task t.f"], "failed FINAL_A");
});

test("rule 12: a fail step fails its scope, and a try may catch it", () => {
  const action: Action = {
    type: "try",
    steps: [inline("boom", { type: "fail", code: "DECLARED_A" }), fn("a")],
    catches: [{ codes: ["DECLARED_A"], steps: [fn("c")] }],
    finally: null,
  };
  const steps = { t: "completed", "t.boom": "failed DECLARED_A", "t.a": "cancelled", "t.c": "completed" };
  check([inline("t", action)], steps, ["task t.c"]);
});

test("a parallel step fails with its first failed branch, unless it does not fail fast", () => {
  const branches = [
    { name: "left", steps: [failing("a")] },
    { name: "right", steps: [fn("b"), fn("c")] },
  ];
  const parallel = { type: "parallel", branches, join: null, concurrencyMax: null } as const;
  check(
    [inline("p", { ...parallel, failFast: null })],
    { p: "failed FINAL_A", "p.left.a": "failed FINAL_A", "p.right.b": "cancelled", "p.right.c": "cancelled" },
    ["task p.left.a + task p.right.b"],
    "failed FINAL_A",
  );
  check([inline("p", { ...parallel, failFast: false })], {
    p: "completed",
    "p.left.a": "failed FINAL_A",
    "p.right.b": "completed",
    "p.right.c": "completed",
  });
});

test("join any of a parallel step completes with the first branch and winds up the others", () => {
  const branches = [
    { name: "left", steps: [fn("a")] },
    { name: "right", steps: [inline("t", { type: "try", steps: [fn("b")], catches: [], finally: [fn("f")] })] },
  ];
  check(
    [inline("p", { type: "parallel", branches, join: "any", failFast: null, concurrencyMax: null }), fn("c")],
    {
      p: "completed",
      "p.left.a": "completed",
      "p.right.t": "cancelled",
      "p.right.t.b": "cancelled",
      "p.right.t.f": "completed",
      c: "completed",
    },
    ["task p.left.a + task p.right.t.b", "task p.right.t.f", "task c"],
  );
});

test("a loop runs its iterations one after the other, and what has not begun is not listed", () => {
  const steps = [fn("a", {}, [null], [{ code: "FINAL_A", isRetryable: false }])];
  const over = { kind: "times", times: 3 } as const;
  check(
    [inline("l", { type: "loop", over, concurrencyMax: 1, failFast: null, steps })],
    { l: "failed FINAL_A", "l[0].a": "completed", "l[1].a": "failed FINAL_A" },
    ["task l[0].a", "task l[1].a"],
    "failed FINAL_A",
  );
  check([inline("l", { type: "loop", over, concurrencyMax: 1, failFast: false, steps })], {
    l: "completed",
    "l[0].a": "completed",
    "l[1].a": "failed FINAL_A",
    "l[2].a": "completed",
  });
});

test("a while loop that nothing ends meets its limit", () => {
  const over = { kind: "while", counter: "n", below: 9, iterationsMax: 2 } as const;
  const steps = [inline("s", { type: "set", counter: "n" })];
  check(
    [inline("l", { type: "loop", over, concurrencyMax: 1, failFast: null, steps })],
    { l: "failed ITERATION_LIMIT", "l[0].s": "completed", "l[1].s": "completed" },
    [],
    "failed ITERATION_LIMIT",
  );
});

const TEMPORARY = { code: "TEMPORARY_A", isRetryable: true };
const FINAL = { code: "FINAL_A", isRetryable: false };

/** Tasks are answered in the order of their paths; `moves` tells what was waited for before each. */
function check(
  steps: readonly Step[],
  expected: Readonly<Record<string, string>>,
  moves?: readonly string[],
  status = "completed",
): ReturnType<typeof predict> {
  const workflow: Workflow = { name: "case", steps, showsStatuses: false, cancelAfter: null };
  const prediction = predict(workflow, FIRST_BY_PATH, 0);
  const found = Object.fromEntries(
    [...prediction.steps].map(([path, step]) => [
      path,
      [step.status, step.reason ?? step.code].filter(Boolean).join(" "),
    ]),
  );
  assert.deepEqual(found, expected);
  assert.equal([prediction.status, prediction.code].filter(Boolean).join(" "), status);
  if (moves !== undefined)
    assert.deepEqual(
      prediction.moves.map((move) => move.outstanding.join(" + ")),
      moves,
    );
  return prediction;
}

/** Chance that always takes the first of the list. */
const FIRST_BY_PATH = () => 0;

function fn(name: string, fields: Partial<Step> = {}, ...answers: readonly (readonly Answer[])[]): Step {
  return inline(name, { type: "function", answers: answers.length === 0 ? [[null]] : answers }, fields);
}

function failing(name: string, fields: Partial<Step> = {}): Step {
  return fn(name, fields, [FINAL]);
}

function inline(name: string, action: Action, fields: Partial<Step> = {}): Step {
  const none = { onSuccess: null, onFailure: null, dependsOn: null, join: null, when: null, retry: null };
  return { name, action, ...none, ...fields };
}
