import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig as start } from "./rig.test.ts";

const TASK = "executor: e, function: f";

const READS = "input: { code: $.error.code }";

test("steps on the way from a failure edge read the error that it is for", () => {
  const rig = start(`
steps:
  - { name: a, ${TASK}, on_success: c, on_failure: h }
  - { name: b, ${TASK}, depends_on: [], on_success: c, on_failure: k }
  - { name: c, ${TASK}, ${READS} }
  - { name: h, ${TASK}, ${READS}, on_success: h2 }
  - { name: h2, type: condition, condition: "error.code == 'A'", then: [ { name: deep, ${TASK}, ${READS} } ], on_success: c }
  - { name: k, ${TASK}, ${READS}, on_success: c }
`);
  rig.fail("a", { code: "A" });
  assert.deepEqual(rig.last("StepScheduled").input, { code: "A" });
  rig.fail("b", { code: "B" });
  assert.deepEqual(rig.last("StepScheduled").input, { code: "B" });
  rig.complete("h");
  assert.deepEqual(rig.last("StepScheduled").input, { code: "A" }, "Also within a container.");
  rig.complete("h2.deep");
  rig.complete("k");
  assert.deepEqual(
    rig.last("StepScheduled").input,
    { code: null },
    "The flow has gone on, nothing is handled any more.",
  );
});

test("a step that goes on after a failure anyway reads its error, and null where there was none", () => {
  for (const failed of [true, false]) {
    const rig = start(`
steps:
  - { name: a, ${TASK}, on_failure: b }
  - { name: b, ${TASK}, ${READS} }
`);
    if (failed) rig.fail("a", { code: "A" });
    else rig.complete("a");
    assert.deepEqual(rig.last("StepScheduled").input, { code: failed ? "A" : null });
  }
});

test("a handler reads the nearest error, else the one that is handled around it", () => {
  const rig = start(`
steps:
  - { name: a, ${TASK}, on_failure: { steps: [ { name: p, ${TASK}, on_failure: q }, { name: q, ${TASK}, ${READS} }, { name: r, ${TASK}, ${READS} } ] } }
`);
  rig.fail("a", { code: "A" });
  rig.fail("a:on_failure.p", { code: "P" });
  assert.deepEqual(rig.last("StepScheduled").input, { code: "P" });
  rig.complete("a:on_failure.q");
  assert.deepEqual(rig.last("StepScheduled").input, { code: "A" });
});

test("the steps that handle the error of the workflow read it", () => {
  const object = start(`
steps: [ { name: a, ${TASK} } ]
error_handling:
  on_failure: { steps: [ { name: told, ${TASK}, ${READS} } ] }
  compensation: [ { name: swept, ${TASK}, ${READS} } ]
`);
  object.fail("a", { code: "A" });
  assert.deepEqual(object.last("StepScheduled").input, { code: "A" });
  object.complete("error_handling.on_failure.told");
  assert.deepEqual(object.last("StepScheduled").input, { code: "A" });

  const rules = start(`
steps: [ { name: a, ${TASK} } ]
error_handling: [ { condition: error.code == 'A', action: { type: compensate, steps: [ { name: clean, ${TASK}, ${READS} } ] } } ]
`);
  rules.fail("a", { code: "A" });
  assert.deepEqual(rules.last("StepScheduled").input, { code: "A" });
});
