/** `dead-letters`: what failed for good is listed, tried again and dropped from the command line. */

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
metadata: { name: doomed, version: 1.0.0 }
spec:
  steps:
    - { name: pay, type: fail, code: DECLINED, message: "No money for order \${input.order}" }
`;

test("dead letters are listed, looked at, replayed one by one and all at once, and dropped", {
  timeout: 180_000,
}, async () => {
  await platform.cli(["apply", "-f", "-"], { input: WORKFLOW });
  const ids: string[] = [];
  for (const order of [1, 2]) {
    ids.push((await platform.cli(["execute", "doomed", "--input", JSON.stringify({ order })])).stdout.trim());
  }
  const [first = "", second = ""] = ids;

  const listed = await platform.cli(["dead-letters", "list", "--workflow", "doomed", "--text", "order 1"]);
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, new RegExp(`^${first} .*DECLINED$`, "m"));
  assert.doesNotMatch(listed.stdout, new RegExp(second));
  const shown = await platform.cli(["dead-letters", "get", first]);
  assert.match(shown.stdout, /step\s+pay\n(.*\n)*replays\s+0\n/);
  assert.match(shown.stdout, /"order": 1/);

  const again = await platform.cli(["dead-letters", "replay", first]);
  assert.deepEqual([again.code, again.stdout.trim()], [0, first]);
  const all = await platform.cli(["dead-letters", "replay", "--error-code", "DECLINED", "--mode", "rerun", "--json"]);
  assert.deepEqual([all.code, JSON.parse(all.stdout)], [0, { replayed: 2, refused: [] }]);

  const anew = JSON.parse((await platform.cli(["dead-letters", "list", "--json"])).stdout) as {
    items: { id: string }[];
  };
  assert.equal(anew.items.length, 2);
  assert.ok(anew.items.every(({ id }) => !ids.includes(id)));

  assert.equal((await platform.cli(["dead-letters", "drop"])).code, 2, "Nothing given is not everything.");
  const dropped = await platform.cli(["dead-letters", "drop", "--all", "--json"]);
  assert.deepEqual(JSON.parse(dropped.stdout), { dropped: 2, refused: [] });
  assert.deepEqual(JSON.parse((await platform.cli(["dead-letters", "list", "--json"])).stdout), { items: [] });
  assert.equal((await platform.cli(["dead-letters", "drop", first])).code, 5);
});
