/** One thing done to many executions from the command line: counted first, asked for, watched to its end. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BulkMessage, BulkPreviewMessage } from "../../src/core/protocol/bulk.ts";
import { runChild } from "./child.ts";
import { MAGICFLOW, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
  await platform.api.register(WORKFLOW);
});
after(() => platform[Symbol.asyncDispose]());

const WORKFLOW = `apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: approval, version: 1.0.0 }
spec:
  steps: [{ name: approved, type: wait_for_event, event: approve }]
`;

async function startMany(count: number): Promise<void> {
  const executions = Array.from({ length: count }, () => ({}));
  await platform.api.post("/api/v1/workflows/approval/execute/batch", { executions });
}

async function count(status: string): Promise<number> {
  const { body } = await platform.api.get<{ items: unknown[] }>(`/api/v1/executions?status=${status}&limit=1000`);
  return body.items.length;
}

const executions = (...words: readonly string[]) => platform.cli(["executions", ...words]);

test("a filter means many: counted in a dry run, done with --yes, and seen afterwards", {
  timeout: 180_000,
}, async () => {
  await startMany(150);
  const unasked = await executions("pause", "--workflow", "approval");
  assert.deepEqual([unasked.code, unasked.stdout], [2, ""]);
  assert.match(unasked.stderr, /Expected --yes with a filter/);

  const dry = await executions("pause", "--workflow", "approval", "--dry-run", "--json");
  const preview = JSON.parse(dry.stdout) as BulkPreviewMessage;
  assert.deepEqual([preview.matched, preview.sample.length], [150, 10]);
  assert.equal(await count("paused"), 0);

  const paused = await executions("pause", "--workflow", "approval", "--status", "running", "--yes");
  assert.equal(paused.code, 0, paused.stderr);
  assert.match(paused.stderr, /pause: 150 of 150 done, 0 failed/);
  assert.equal(await count("paused"), 150);

  const resumed = await executions("resume", "--status", "paused", "--yes", "--json");
  const bulk = JSON.parse(resumed.stdout) as BulkMessage;
  assert.deepEqual([bulk.operation, bulk.status, bulk.done, bulk.failed], ["resume", "completed", 150, 0]);

  const told = await executions("signal", "approve", "--workflow", "approval", "--yes");
  assert.equal(told.code, 0, told.stderr);
  assert.equal(await count("completed"), 150);

  const [list, one, stop] = await Promise.all([
    executions("bulk", "list", "--json"),
    executions("bulk", "get", bulk.id),
    executions("bulk", "cancel", bulk.id),
  ]);
  const { items } = JSON.parse(list.stdout) as { items: readonly BulkMessage[] };
  assert.deepEqual(
    items.map(({ operation }) => operation),
    ["signal", "resume", "pause"],
  );
  assert.match(one.stdout, new RegExp(`^${bulk.id}\n`));
  assert.equal(stop.code, 6, stop.stderr);
});

test("what cannot be done makes the command fail, and says why", { timeout: 120_000 }, async () => {
  const retried = await executions("retry", "--status", "completed", "--yes");
  assert.equal(retried.code, 1, retried.stdout);
  assert.match(retried.stderr, /EXECUTION_COMPLETED/);
  assert.match(retried.stderr, /retry: 0 of 150 done, 150 failed/);
});

test("an id means one, and nothing in between is guessed", { timeout: 120_000 }, async () => {
  const id = (await platform.cli(["execute", "approval"])).stdout.trim();
  const cases: readonly (readonly string[])[] = [
    ["cancel"],
    ["cancel", id, "--workflow", "approval"],
    ["cancel", "--all", "--workflow", "approval", "--yes"],
    ["cancel", "--older-than", "soon", "--yes"],
    ["cancel", "--older-than", "1h", "--created-before", "2030-01-01T00:00:00Z", "--yes"],
    ["signal", id],
  ];
  for (const words of cases) {
    const { code, stdout } = await executions(...words);
    assert.deepEqual([code, stdout], [2, ""], words.join(" "));
  }
  assert.equal(await count("running"), 1);
  const young = await executions("cancel", "--workflow", "approval", "--older-than", "1h", "--yes", "--json");
  assert.equal((JSON.parse(young.stdout) as BulkMessage).matched, 0);
  const cancelled = await executions("cancel", id, "--reason", "enough");
  assert.match(cancelled.stderr, /is cancelled/);
});

// `script` of Linux gives a command a terminal of its own.
test("on a terminal it asks, and a no changes nothing", {
  timeout: 120_000,
  skip: process.platform !== "linux",
}, async () => {
  await startMany(2);
  const ask = (answer: string) =>
    runChild("script", ["-qec", `'${MAGICFLOW}' executions cancel --status running`, "/dev/null"], {
      input: answer,
      env: { MAGICFLOW_URL: platform.url },
    });
  const no = await ask("n\n");
  assert.match(no.stdout, /Cancel 2 executions\? \[y\/N\]/);
  assert.match(no.stdout, /Nothing was changed\./);
  assert.deepEqual([no.code, await count("running")], [1, 2]);
  const yes = await ask("y\n");
  assert.equal(yes.code, 0, yes.stdout);
  assert.equal(await count("running"), 0);
});
