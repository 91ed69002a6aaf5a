import assert from "node:assert/strict";
import { test } from "node:test";

import type { JsonObject } from "../core/base/json.ts";
import { batchOf, rowOf } from "../ports/store.contract/samples.ts";
import { HELLO, openRig } from "./rig.test.ts";
import { acceptsGzip } from "./routes/exports.ts";

function linesOf(text: string): readonly JsonObject[] {
  assert.ok(text.endsWith("\n"));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JsonObject);
}

test("an export has the execution in its first line and then every event as it is stored", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const id = (await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "Ada" } })).body.execution_id;
  const exported = await rig.get(`/api/v1/executions/${id}/export`);
  assert.equal(exported.status, 200);
  assert.match(exported.headers.get("content-type") ?? "", /^application\/x-ndjson/);
  const [first, ...events] = linesOf(exported.text);
  const { items } = (await rig.get("/api/v1/executions")).body;
  assert.deepEqual(first?.execution, (items as readonly JsonObject[])[0]);
  assert.deepEqual(events, (await rig.get(`/api/v1/executions/${id}/history`)).body.events);
  assert.equal((await rig.get("/api/v1/executions/nobody/export")).body.code, "EXECUTION_NOT_FOUND");
});

test("it comes compressed where that is asked for, and says the same", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const id = (await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "Ada" } })).body.execution_id;
  const [plain, packed] = [
    await rig.get(`/api/v1/executions/${id}/export`, { "accept-encoding": "identity" }),
    await rig.get(`/api/v1/executions/${id}/export`, { "accept-encoding": "gzip" }),
  ];
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.text, plain.text);
});

test("a history that nobody can read is exported as it lies, over many reads", async () => {
  await using rig = await openRig();
  const [epoch, shard] = [await rig.store.acquire(0), 0];
  const row = rowOf("broken", { quarantine: "It cannot be read.", status: "failed", finishedAt: 1, parked: true });
  const text = `{"half": ${"x".repeat(300_000)}`;
  for (let seq = 1; seq <= 10; seq++) {
    const events = { firstSeq: seq, lastSeq: seq, version: 1, text: `${text}${seq}` };
    await rig.store.append([
      batchOf(shard, epoch, { executions: [{ executionId: "broken", events, row: seq === 1 ? row : null }] }),
    ]);
  }
  const lines = (await rig.get("/api/v1/executions/broken/export")).text.trimEnd().split("\n");
  assert.deepEqual(
    lines.slice(1),
    Array.from({ length: 10 }, (_, n) => `${text}${n + 1}`),
  );
});

test("compression is taken where it is named, and not where it is refused", () => {
  for (const header of ["gzip", "br, gzip;q=0.5", "GZIP", "x-gzip"]) assert.ok(acceptsGzip(header), header);
  for (const header of [undefined, "", "br", "gzip;q=0", "gzip; q=0.000", "gzipped"]) assert.ok(!acceptsGzip(header));
});
