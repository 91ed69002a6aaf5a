import assert from "node:assert/strict";
import { test } from "node:test";

import { Task } from "../core/protocol/tasks.ts";
import { taskOf } from "../host/tasks/rig.test.ts";
import { toTaskText } from "./task-messages.ts";
import { createValidator } from "./validation.ts";

test("a task is told with all its members, whatever stands in them", () => {
  const awkward = 'a "quoted"\n\\ name \u2028 \ud83d\ude00';
  const task = {
    ...taskOf("wf_1", "each[3].pay"),
    workflow: awkward,
    step: awkward,
    path: awkward,
    function: awkward,
    input: { [awkward]: [awkward, null, 1.5] },
    metadata: { traceparent: awkward, more: {} },
    timeoutMs: 1500,
  };
  const text = toTaskText({ task, workspace: "w", delivery: 2, leaseMs: 30_000, deadline: task.createdAt + 1 });
  const told = JSON.parse(text) as Task;
  assert.deepEqual(createValidator(Task, "").check(told, text.length), []);
  assert.deepEqual(told, {
    id: "wf_1/each[3].pay/1",
    workspace: "w",
    workflow: awkward,
    version: "1.0.0",
    execution_id: "wf_1",
    step: awkward,
    path: awkward,
    executor: "mail",
    function: awkward,
    attempt: 1,
    max_attempts: 3,
    delivery: 2,
    input: { [awkward]: [awkward, null, 1.5] },
    metadata: { traceparent: awkward, more: {} },
    timeout_ms: 1500,
    lease_ms: 30_000,
    deadline: "2027-01-15T08:00:00.001Z",
    traceparent: awkward,
    created_at: "2027-01-15T08:00:00.000Z",
  });
  const bare = JSON.parse(
    toTaskText({ task: taskOf("e"), workspace: "w", delivery: 1, leaseMs: 1000, deadline: null }),
  );
  assert.deepEqual([bare.timeout_ms, bare.deadline, bare.traceparent, bare.metadata], [null, null, null, {}]);
});
