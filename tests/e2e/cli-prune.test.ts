/** `apply --prune`: what is not among the files is archived, and never by accident. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Folder, openFolder, runChild } from "./child.ts";
import { MAGICFLOW, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let folder: Folder;
before(async () => {
  [platform, folder] = await Promise.all([startPlatform(), openFolder()]);
});
after(async () => {
  await Promise.all([platform[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
});

async function write(...names: readonly string[]): Promise<string> {
  const path = join(folder.path, `${names.join("-")}.yaml`);
  const texts = names.map(
    (name) =>
      `apiVersion: magicflow.io/v2\nkind: Workflow\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n  steps: [{ name: a, type: wait, duration: 1s }]\n`,
  );
  await writeFile(path, texts.join("---\n"));
  return path;
}

async function active(): Promise<readonly string[]> {
  const { body } = await platform.api.get<{ items: { name: string }[] }>("/api/v1/workflows");
  return body.items.map(({ name }) => name).sort();
}

test("apply --prune archives what the files do not have, and nothing unless it is meant", {
  timeout: 180_000,
}, async () => {
  const all = await write("one", "two", "three");
  const some = await write("one", "four");
  await platform.cli(["apply", "-f", all]);

  const unasked = await platform.cli(["apply", "-f", some, "--prune"]);
  assert.deepEqual([unasked.code, unasked.stdout], [2, ""]);
  assert.match(unasked.stderr, /Expected --yes with --prune/);
  assert.deepEqual(await active(), ["one", "three", "two"]);

  const planned = await platform.cli(["apply", "-f", some, "--prune", "--dry-run", "--json"]);
  const plan = JSON.parse(planned.stdout) as { dry_run: boolean; workflows: { name: string; change: string }[] };
  assert.equal(plan.dry_run, true);
  assert.deepEqual(plan.workflows.map(({ name, change }) => `${name} ${change}`).sort(), [
    "four created",
    "one unchanged",
    "three archived",
    "two archived",
  ]);
  assert.deepEqual(await active(), ["one", "three", "two"]);

  const pruned = await platform.cli(["apply", "-f", some, "--prune", "--yes"]);
  assert.equal(pruned.code, 0, pruned.stderr);
  assert.match(pruned.stdout, /^four 1\.0\.0 new$/m);
  assert.match(pruned.stdout, /^three 1\.0\.0 archived$/m);
  assert.match(pruned.stderr, /3 of 4 workflows changed/);
  assert.deepEqual(await active(), ["four", "one"]);

  const again = await platform.cli(["apply", "-f", some, "--prune", "-y"]);
  assert.match(again.stderr, /0 of 2 workflows changed/);
});

test("apply --prune without a workflow in the files is refused: it would archive everything", {
  timeout: 60_000,
}, async () => {
  const path = join(folder.path, "comment.yaml");
  await writeFile(path, "# nothing yet\n");
  const { code, stdout } = await platform.cli(["apply", "-f", path, "--prune", "--yes"]);
  assert.ok(code === 2 || code === 3, String(code));
  assert.equal(stdout, "");
});

// `script` of Linux gives a command a terminal of its own.
test("apply --prune asks on a terminal, and a no changes nothing", {
  timeout: 180_000,
  skip: process.platform !== "linux",
}, async () => {
  await platform.cli(["apply", "-f", await write("five"), "--prune", "--yes"]);
  const other = await write("six");
  const ask = (answer: string) =>
    runChild("script", ["-qec", `'${MAGICFLOW}' apply -f '${other}' --prune`, "/dev/null"], {
      input: answer,
      env: { MAGICFLOW_URL: platform.url },
    });
  const no = await ask("n\n");
  assert.match(no.stdout, /Not among the files: five[\s\S]*Archive this workflow\? .*\[y\/N\]/);
  assert.match(no.stdout, /Nothing was changed\./);
  assert.equal(no.code, 1);
  assert.deepEqual(await active(), ["five"]);
  const yes = await ask("y\n");
  assert.equal(yes.code, 0, yes.stdout);
  assert.deepEqual(await active(), ["six"]);
});
