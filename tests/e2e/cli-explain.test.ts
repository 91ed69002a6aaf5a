/** `executions explain`: why one has not ended, in words and as data. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
});
after(() => platform[Symbol.asyncDispose]());

const WORKFLOW = `apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: approval, version: 1.0.0 }
spec:
  steps:
    - name: both
      type: parallel
      branches:
        - { name: people, steps: [{ name: approved, type: wait_for_event, event: approve }] }
        - { name: money, steps: [{ name: charge, executor: nobody, function: charge }] }
`;

test("executions explain says what is waited for, and goes by the exit codes of every command", {
  timeout: 120_000,
}, async () => {
  await platform.cli(["apply", "-f", "-"], { input: WORKFLOW });
  const id = (await platform.cli(["execute", "approval"])).stdout.trim();

  const [words, json, unknown] = await Promise.all([
    platform.cli(["executions", "explain", id]),
    platform.cli(["executions", "explain", id, "--json"]),
    platform.cli(["executions", "explain", "nowhere"]),
  ]);
  assert.equal(words.code, 0, words.stderr);
  const lines = words.stdout.trimEnd().split("\n");
  assert.match(
    lines[0] ?? "",
    /^Step "both\.money\.charge" waits for executor "nobody" since .*; 1 more step has begun/,
  );
  assert.match(words.stdout, /^ {2}Step "both\.people\.approved" waits for signal or event "approve" since /m);
  assert.equal(lines.length, 4);
  const { execution_id, waits } = JSON.parse(json.stdout) as { execution_id: string; waits: { kind: string }[] };
  assert.deepEqual([execution_id, waits.map(({ kind }) => kind)], [id, ["event", "executor"]]);
  assert.deepEqual([unknown.code, unknown.stdout], [5, ""]);

  await platform.cli(["executions", "terminate", id, "--reason", "enough"]);
  const ended = await platform.cli(["executions", "explain", id]);
  assert.match(ended.stdout, /^It was cancelled at \S+: enough\.\n$/);
});
