/** `config show` and `config validate`: what `start` would find. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Folder, openFolder } from "./child.ts";
import { cli } from "./platform.ts";

let folder: Folder;
before(async () => {
  folder = await openFolder();
});
after(() => folder[Symbol.asyncDispose]());

async function write(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

test("config show lists every setting, where it came from, and no secret", { timeout: 60_000 }, async () => {
  const path = await write("good.yaml", "server: { port: 81 }\nsecurity: { jwt_secret: s3cret }\n");
  const env = { MAGICFLOW_LOG_LEVEL: "warn" };
  const [plain, origin, json] = await Promise.all([
    cli(["config", "show", "--config", path], { env }),
    cli(["config", "show", "--origin", "-c", path], { env }),
    cli(["config", "show", "--json", "-c", path], { env }),
  ]);
  assert.deepEqual([plain.code, origin.code, json.code], [0, 0, 0], plain.stderr);
  assert.match(plain.stdout, /^SETTING +VALUE\n/);
  assert.match(origin.stdout, /^server\.port +81 +\S*good\.yaml:1$/m);
  assert.match(origin.stdout, /^security\.jwt_secret +\*\*\* +\S*good\.yaml:2$/m);
  assert.match(origin.stdout, /^monitoring\.log_level +warn +environment \(MAGICFLOW_LOG_LEVEL\)$/m);
  assert.match(origin.stdout, /^data_dir +data +default$/m);
  const { file, settings } = JSON.parse(json.stdout) as { file: string; settings: { name: string; value: unknown }[] };
  assert.equal(file, path);
  assert.equal(settings.find(({ name }) => name === "server.port")?.value, 81);
  assert.doesNotMatch(plain.stdout + origin.stdout + json.stdout, /s3cret/);
});

test("config validate tells what is wrong and where, by an exit code of its own", { timeout: 60_000 }, async () => {
  const good = await write("fine.yaml", "server: { port: 81 }\n");
  const bad = await write("bad.yaml", "server:\n  prt: 81\ndata_dir: x\nlimits: { payload: huge }\n");
  const [fine, wrong, json, missing] = await Promise.all([
    cli(["config", "validate", "-c", good]),
    cli(["config", "validate", "-c", bad]),
    cli(["config", "validate", "-c", bad, "--json"]),
    cli(["config", "validate", "-c", join(folder.path, "nowhere.yaml")]),
  ]);
  assert.deepEqual([fine.code, fine.stderr], [0, `${good}: fine\n`]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /bad\.yaml:2:3/);
  assert.match(wrong.stderr, /bad\.yaml: 2 problems\n$/);
  assert.equal(json.code, 3);
  const document = JSON.parse(json.stdout) as { valid: boolean; problems: { line: number }[] };
  assert.deepEqual([document.valid, document.problems.map(({ line }) => line)], [false, [2, 4]]);
  assert.equal(missing.code, 2);
});
