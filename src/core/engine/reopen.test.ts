import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openReactions } from "./reactions.ts";
import { type Rig, startRig } from "./rig.test.ts";

const CALL = "executor: shop, function: f";

function terminateAndRetry(rig: Rig): void {
  rig.send({ kind: "Terminate", id: "terminate", reason: "enough" });
  rig.send({ kind: "Retry", id: "retry" });
}

function offered(rig: Rig): readonly string[] {
  return openReactions(rig.definition, rig.execution).flatMap((reaction) =>
    reaction.kind === "OfferTask" ? [reaction.task.id] : [],
  );
}

describe("what was terminated and is retried", () => {
  it("goes on in the branches that ran", () => {
    const rig = startRig(`steps:
  - name: both
    type: parallel
    branches:
      - { name: left, steps: [ { name: a, ${CALL} } ] }
      - { name: right, steps: [ { name: b, ${CALL} } ] }`);
    terminateAndRetry(rig);
    assert.deepEqual(offered(rig), ["e/both.left.a/2", "e/both.right.b/2"]);
    assert.equal(rig.execution.openTasks, 2);
    rig.complete("both.left.a");
    rig.complete("both.right.b");
    assert.equal(rig.execution.status, "completed");
    assert.equal(rig.execution.openTasks, 0);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("goes on in the iterations that ran, with new attempts", () => {
    const rig = startRig(`steps:
  - { name: each, type: loop, times: 2, parallel: true, steps: [ { name: a, ${CALL} } ] }`);
    rig.complete("each[0].a");
    terminateAndRetry(rig);
    assert.deepEqual(offered(rig), ["e/each[1].a/2"]);
    rig.complete("each[1].a");
    assert.equal(rig.execution.status, "completed");
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("leaves the compensation behind that was going on", () => {
    const rig = startRig(`steps:
  - { name: a, ${CALL}, compensate: { executor: shop, function: undo } }
  - { name: b, ${CALL} }`);
    rig.complete("a");
    rig.fail("b");
    terminateAndRetry(rig);
    assert.deepEqual(offered(rig), ["e/b/2"]);
    assert.equal(rig.execution.openTasks, 1);
    assert.deepEqual(rig.complete("a:compensate"), []);
    rig.fail("b");
    assert.deepEqual(offered(rig), ["e/a:compensate/2"]);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });

  it("waits for its event once", () => {
    const rig = startRig("steps:\n  - { name: w, type: wait_for_event, event: go }");
    terminateAndRetry(rig);
    rig.signal("go");
    assert.equal(rig.execution.status, "completed");
    assert.equal(rig.execution.eventWaits.size, 0);
  });
});

describe("what was undone and is retried", () => {
  const UNDO = "compensate: { executor: shop, function: undo }";
  const containers = {
    "a branch": `{ name: c, type: parallel, branches: [ { name: b, steps: [ { name: a, ${CALL}, ${UNDO} }, { name: k, ${CALL} } ] } ] }`,
    "a choice": `{ name: c, type: condition, condition: "true", then: [ { name: a, ${CALL}, ${UNDO} }, { name: k, ${CALL} } ] }`,
    "a try": `{ name: c, type: try, steps: [ { name: a, ${CALL}, ${UNDO} }, { name: k, ${CALL} } ] }`,
  };
  for (const [name, container] of Object.entries(containers)) {
    it(`begins again also in ${name} that had completed`, () => {
      const rig = startRig(`steps:\n  - ${container}\n  - { name: z, ${CALL} }`);
      const a = name === "a branch" ? "c.b.a" : "c.a";
      const k = name === "a branch" ? "c.b.k" : "c.k";
      rig.complete(a);
      rig.complete(k);
      rig.fail("z");
      rig.complete(`${a}:compensate`);
      assert.equal(rig.execution.status, "failed");
      rig.send({ kind: "Retry", id: "retry" });
      assert.deepEqual(offered(rig), [`e/${a}/2`]);
      rig.complete(a);
      assert.deepEqual(offered(rig), ["e/z/2"]);
      rig.complete("z");
      assert.equal(rig.execution.status, "completed");
      assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
    });
  }

  it("begins again as a whole where the container itself was undone", () => {
    const rig = startRig(`steps:
  - { name: c, type: try, steps: [ { name: a, ${CALL} } ], ${UNDO} }
  - { name: z, ${CALL} }`);
    rig.complete("c.a");
    rig.fail("z");
    rig.complete("c:compensate");
    rig.send({ kind: "Retry", id: "retry" });
    assert.deepEqual(offered(rig), ["e/c.a/2"]);
    assert.deepEqual(rig.replayed().fresh, rig.replayed().live);
  });
});
