/** Operations on many executions over HTTP. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { type Answered, openRig, type Rig, WAITING } from "./rig.test.ts";

const BULK = "/api/v1/executions/bulk";

let rig: Rig;
before(async () => {
  rig = await openRig();
  await rig.register(WAITING);
});
after(() => rig[Symbol.asyncDispose]());

async function ended(id: string): Promise<JsonObject> {
  for (let n = 0; n < 500; n++) {
    const { body } = await rig.get(`${BULK}/${id}`);
    if (body.finished_at !== null) return body;
  }
  assert.fail(`Expected operation ${id} to end.`);
}

function startMany(count: number, metadata: object): Promise<readonly string[]> {
  const input = { order: "o" };
  return Promise.all(Array.from({ length: count }, () => rig.start("waiting", { input, metadata })));
}

function detailOf({ status, body }: Answered): unknown {
  return [status, body.code, (body.errors as readonly JsonObject[])[0]?.pointer];
}

test("a dry run counts and shows, then the same is done, and its progress is seen", async () => {
  const ids = await startMany(12, { group: "a" });
  const request = { operation: "cancel", filter: { workflow: "waiting", status: "running", metadata: { group: "a" } } };
  const dry = await rig.post(BULK, { ...request, dry_run: true });
  assert.deepEqual([dry.status, dry.body.matched, dry.body.complete], [200, 12, true]);
  const sample = dry.body.sample as readonly JsonObject[];
  assert.deepEqual(new Set(sample.map(({ execution_id }) => ids.includes(String(execution_id)))), new Set([true]));

  const begun = await rig.post(BULK, { ...request, arguments: { reason: "cleared away" } });
  assert.deepEqual([begun.status, begun.body.operation, begun.body.matched], [202, "cancel", 12]);
  assert.equal(begun.headers.get("location"), `${BULK}/${begun.body.id}`);
  const { done, failed, status, errors } = await ended(String(begun.body.id));
  assert.deepEqual({ done, failed, status, errors }, { done: 12, failed: 0, status: "completed", errors: [] });
  const one = await rig.get(`/api/v1/executions/${ids[0]}`);
  assert.equal(one.body.status, "cancelled");

  const list = await rig.get(`${BULK}?limit=1`);
  assert.equal((list.body.items as readonly JsonObject[])[0]?.id, begun.body.id);
  const stop = await rig.post(`${BULK}/${begun.body.id}/cancel`);
  assert.deepEqual([stop.status, stop.body.code], [409, "BULK_ENDED"]);
});

test("search attributes may be written as in the query of a list", async () => {
  await startMany(2, { customer: 7 });
  const filters = [{ "metadata.customer": "7" }, { metadata: { customer: 7 } }];
  for (const filter of filters) {
    const { body } = await rig.post(BULK, { operation: "cancel", filter, dry_run: true });
    assert.equal(body.matched, 2, JSON.stringify(filter));
  }
});

test("executions are named by their ids, and what cannot be done is told", async () => {
  const [id] = await startMany(1, {});
  const begun = await rig.post(BULK, {
    operation: "signal",
    filter: { ids: [id, id, "none"] },
    arguments: { name: "payment", data: { amount: 3 } },
  });
  const { matched, done, failed, errors } = await ended(String(begun.body.id));
  assert.deepEqual([matched, done, failed], [2, 1, 1]);
  assert.deepEqual(
    (errors as readonly JsonObject[]).map(({ execution_id, code }) => [execution_id, code]),
    [["none", "EXECUTION_NOT_FOUND"]],
  );
  const results = await rig.get(`/api/v1/executions/${id}/results`);
  assert.deepEqual([results.body.status, results.body.output], ["completed", { amount: 3 }]);
});

test("with an idempotency key it is begun once", async () => {
  const headers = { "idempotency-key": "clear-1" };
  const request = { operation: "cancel", filter: { workflow: "waiting", tag: "none" } };
  const first = await rig.post(BULK, request, headers);
  const again = await rig.post(BULK, request, headers);
  assert.deepEqual([first.status, again.status, again.body.id], [202, 200, first.body.id]);
  const other = await rig.post(BULK, { ...request, operation: "pause" }, headers);
  assert.deepEqual([other.status, other.body.code], [409, "IDEMPOTENCY_CONFLICT"]);
});

test("what is not meant is refused, with its place", async () => {
  const cases: readonly [body: object, pointer: string][] = [
    [{ operation: "cancel", filter: {} }, "/filter"],
    [{ operation: "cancel", filter: { all: false } }, "/filter"],
    [{ operation: "cancel", filter: { all: true, workflow: "waiting" } }, "/filter"],
    [{ operation: "cancel", filter: { ids: ["a"], workflow: "waiting" } }, "/filter"],
    [{ operation: "cancel", filter: { status: "dead" } }, "/filter"],
    [{ operation: "cancel", filter: { wrokflow: "waiting" } }, "/filter/wrokflow"],
    [{ operation: "cancel", filter: { all: true }, arguments: { timers: "freeze" } }, "/arguments"],
    [{ operation: "signal", filter: { all: true } }, "/arguments"],
    [{ operation: "destroy", filter: { all: true } }, "/operation"],
    [{ operation: "cancel" }, "/filter"],
  ];
  for (const [body, pointer] of cases) {
    const answer = await rig.post(BULK, body);
    assert.deepEqual(detailOf(answer), [400, "BAD_REQUEST", pointer], `${JSON.stringify(body)} ${answer.text}`);
  }
  const unknown = await rig.get(`${BULK}/nothing`);
  assert.deepEqual([unknown.status, unknown.body.code], [404, "BULK_NOT_FOUND"]);
});

test("an empty filter that is meant chooses every execution", async () => {
  const { body } = await rig.post(BULK, { operation: "cancel", filter: { all: true }, dry_run: true });
  assert.ok(Number(body.matched) >= 15, String(body.matched));
});
