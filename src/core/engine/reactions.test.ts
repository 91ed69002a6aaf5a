import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openReactions, reactionsOf } from "./reactions.ts";
import { startRig } from "./rig.test.ts";

describe("reactions", () => {
  it("start a child that nobody waits for, though its iteration is over by then", () => {
    const rig = startRig(`steps:
  - { name: each, type: loop, times: 2, steps: [ { name: c, type: workflow, workflow: other, wait: false } ] }`);
    assert.equal(rig.execution.status, "completed");
    const started = rig.history
      .flatMap((event) => reactionsOf(rig.definition, rig.execution, event))
      .flatMap((reaction) => (reaction.kind === "StartChild" ? [reaction.start] : []));
    assert.deepEqual(
      started.map(({ executionId, parent }) => [executionId, parent.path, parent.waits]),
      [
        ["e.1", "each[0].c", false],
        ["e.2", "each[1].c", false],
      ],
    );
  });

  it("give the task of a finally no deadline that is over: not that of its step, and not that of the execution", () => {
    const rig = startRig(`timeout: 1m
steps:
  - name: t
    type: try
    timeout: 10s
    steps: [ { name: a, executor: shop, function: f } ]
    finally: [ { name: b, executor: shop, function: f } ]`);
    const deadlines = () =>
      openReactions(rig.definition, rig.execution).flatMap((reaction) =>
        reaction.kind === "OfferTask" ? [(reaction.task.deadline ?? 0) - reaction.task.createdAt] : [],
      );
    assert.deepEqual(deadlines(), [10_000]);
    rig.pass(10_000);
    assert.deepEqual(deadlines(), [50_000]);
  });
});
