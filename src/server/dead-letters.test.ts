import assert from "node:assert/strict";
import { test } from "node:test";
import type { LetterMessage, LetterSummary, ReplayedItem } from "../core/protocol/dead-letters.ts";
import type { ExecutionMessage } from "../core/protocol/executions.ts";
import type { Page } from "../core/protocol/message.ts";
import { openRig, type Rig } from "./rig.test.ts";

const FAILING = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: failing }
spec:
  steps:
    - { name: pay, type: fail, code: DECLINED, message: "No money for \${input.order}" }
  error_handling:
    - condition: error.code == 'DECLINED'
      action: { type: notify, channel: ops, message: "\${error.code} in \${execution.id}" }
`;

const LETTERS = "/api/v1/dead-letters";

/** A body as the message that it is. */
async function got<T>(rig: Rig, path: string): Promise<T> {
  return (await rig.get(path)).body as unknown as T;
}

test("a dead letter is listed, read, replayed, replayed anew and dropped", async () => {
  await using rig = await openRig();
  await rig.register(FAILING);
  const id = await rig.start("failing", { input: { order: 7 } });
  const filter = "workflow=failing&error_code=DECLINED&text=money";
  const listed = await got<Page<LetterSummary>>(rig, `${LETTERS}?${filter}`);
  assert.deepEqual([listed.items.length, listed.next_cursor], [1, null]);
  const letter = await got<LetterMessage>(rig, `${LETTERS}/${id}`);
  assert.deepEqual(
    [letter.kind, letter.failed_step, letter.input, letter.error.code, letter.replays, letter.dropped],
    ["execution", "pay", { order: 7 }, "DECLINED", 0, null],
  );
  const replayed = await rig.post(`${LETTERS}/${id}/replay`, { id: "once" });
  assert.deepEqual([replayed.status, replayed.body.execution_id, replayed.body.command_id], [202, id, "once"]);
  await rig.post(`${LETTERS}/${id}/replay`, { id: "once" });
  await rig.get(`/api/v1/executions/${id}/results?wait=5s`);
  assert.equal((await rig.get(`${LETTERS}/${id}`)).body.replays, 1, "It failed again, and is listed again.");
  const rerun = await rig.post(`${LETTERS}/${id}/replay`, { mode: "rerun" });
  assert.notEqual(rerun.body.execution_id, id);
  await rig.get(`/api/v1/executions/${rerun.body.execution_id}/results?wait=5s`);
  const gone = await rig.get(`${LETTERS}/${id}`);
  assert.deepEqual([gone.status, gone.body.code], [404, "DEAD_LETTER_NOT_FOUND"]);
  assert.equal((await rig.send("DELETE", `${LETTERS}/${rerun.body.execution_id}`)).status, 204);
  assert.equal((await got<LetterMessage>(rig, `${LETTERS}/${rerun.body.execution_id}`)).dropped?.by, "anonymous");
  assert.deepEqual((await rig.get(LETTERS)).body.items, []);
  assert.equal((await rig.get(`/api/v1/executions/${rerun.body.execution_id}`)).body.status, "failed");
});

test("many are replayed page by page, each with its own outcome", async () => {
  await using rig = await openRig();
  await rig.register(FAILING);
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await rig.start("failing", { input: { order: n } }));
  const body = { filter: { workflow: "failing" }, limit: 2, id: "all" };
  const first = await rig.post(`${LETTERS}/replay`, body);
  const second = await rig.post(`${LETTERS}/replay`, { ...body, cursor: first.body.next_cursor });
  const items = [first, second].flatMap((answer) => (answer.body as unknown as Page<ReplayedItem>).items);
  assert.deepEqual(items.map((item) => item.id).sort(), ids.sort());
  assert.ok(items.every((item) => item.outcome === "replayed"));
  assert.equal(second.body.next_cursor, null);
  assert.equal((await rig.post(`${LETTERS}/replay`, { filter: { workflw: "x" } })).status, 400);
});

test("what a rule wants somebody to be told is recorded with the execution", async () => {
  await using rig = await openRig();
  await rig.register(FAILING);
  const id = await rig.start("failing");
  const { notifications = [], warnings } = await got<ExecutionMessage>(rig, `/api/v1/executions/${id}`);
  assert.equal(notifications.length, 1);
  const { at, ...rest } = notifications[0] ?? { at: "" };
  assert.match(at, /^\d{4}-/);
  assert.deepEqual(rest, { step: "pay", path: "pay", rule: 0, channel: "ops", message: `DECLINED in ${id}` });
  assert.deepEqual(warnings, []);
});
