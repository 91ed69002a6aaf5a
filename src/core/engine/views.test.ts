import assert from "node:assert/strict";
import { it } from "node:test";
import { startRig } from "./rig.test.ts";
import { iterationsOf } from "./views.ts";

const CALL = "executor: shop, function: f";

it("the iterations of a loop that has ended are put together once, and anew after it went on", () => {
  const rig = startRig(`steps:
  - { name: l, type: loop, times: 2, steps: [ { name: a, ${CALL} } ] }
  - { name: z, ${CALL}, input: { first: "$.l.iterations[1].status" } }`);
  const step = rig.execution.steps.get("l");
  assert.ok(step !== undefined);
  rig.complete("l[0].a");
  assert.notEqual(iterationsOf(rig.definition, step), iterationsOf(rig.definition, step));
  rig.fail("l[1].a");
  const failed = iterationsOf(rig.definition, step);
  assert.equal(iterationsOf(rig.definition, step), failed);
  rig.send({ kind: "Retry", id: "retry" });
  rig.complete("l[1].a");
  assert.deepEqual(rig.execution.steps.get("z")?.input, { first: "completed" });
});
