/** Executions in a file: whole ones, or none. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { type Platform, startPlatform } from "./platform.ts";

const WORKFLOW = `apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: noted, version: 1.0.0 }
spec:
  steps: [{ name: note, type: set, variables: { noted: true } }]
`;

let platform: Platform;
const folder = mkdtempSync(join(tmpdir(), "magicflow-export-"));
before(async () => {
  platform = await startPlatform();
  await platform.api.register(WORKFLOW);
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function startMany(count: number): Promise<readonly string[]> {
  const executions = Array.from({ length: count }, () => ({}));
  await platform.api.post("/api/v1/workflows/noted/execute/batch", { executions });
  const { body } = await platform.api.get<{ items: { execution_id: string }[] }>("/api/v1/executions?limit=1000");
  return body.items.map(({ execution_id: id }) => id);
}

const exportTo = (file: string, ...words: readonly string[]) =>
  platform.cli(["executions", "export", ...words, "--output", join(folder, file)]);

function executionsIn(text: string): readonly string[] {
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { execution?: { execution_id: string }; seq?: number });
  return lines.flatMap(({ execution }) => (execution === undefined ? [] : [execution.execution_id]));
}

test("what a filter chooses, or ids name, comes into one file, compressed by its name", {
  timeout: 120_000,
}, async () => {
  const ids = await startMany(30);
  const all = await exportTo("all.jsonl.gz", "--workflow", "noted", "--json");
  assert.equal(all.code, 0, all.stderr);
  assert.equal((JSON.parse(all.stdout) as { exported: number }).exported, 30);
  assert.deepEqual(executionsIn(gunzipSync(readFileSync(join(folder, "all.jsonl.gz"))).toString()), ids);

  const [first = "", second = ""] = ids;
  const two = await exportTo("two.jsonl", first, second);
  assert.equal(two.code, 0, two.stderr);
  assert.match(two.stderr, /2 executions are in/);
  assert.deepEqual(executionsIn(readFileSync(join(folder, "two.jsonl"), "utf8")), [first, second]);
});

test("where one that was named is not there, there is no file", { timeout: 60_000 }, async () => {
  const [first = ""] = await startMany(1);
  const failed = await exportTo("half.jsonl", first, "nobody");
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /nobody/);
  assert.ok(!existsSync(join(folder, "half.jsonl")));
  assert.ok(!readdirSync(folder).some((name) => name.endsWith(".part")));
});

test("it has to be said which", { timeout: 60_000 }, async () => {
  assert.equal((await exportTo("none.jsonl")).code, 2);
  assert.equal((await exportTo("both.jsonl", "some", "--all")).code, 2);
});
