/** Every template that comes with the package runs as it is, with its example, against the executor of the demo. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPlatform, type Platform } from "../assemble.ts";
import { readConfig } from "../config/read.ts";
import { loadWorkflow } from "../core/language/load.ts";
import { createClient } from "../sdk/client.ts";
import type { Executor } from "../sdk/executor.ts";
import { readTemplates } from "../server/templates.ts";
import { startDemoExecutor } from "./demo-executor.ts";

const TEMPLATES = readTemplates();
const folder = mkdtempSync(join(tmpdir(), "magicflow-templates-"));
let platform: Platform;
let executor: Executor;

before(async () => {
  const read = readConfig({
    file: null,
    environment: {},
    flags: { "server.port": 0, "server.dashboard_port": 0, data_dir: folder },
    readSecretFile: () => null,
  });
  assert.ok(read.ok);
  platform = await openPlatform({ config: read.config, version: "test", report: (error) => console.error(error) });
  executor = await startDemoExecutor({ url: platform.url, paceMs: 0 });
});

after(async () => {
  await executor?.stop({ graceMs: 1000 });
  await platform?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("there are ten, each of a category and with an example", () => {
  assert.ok(TEMPLATES.length >= 10);
  for (const { title, summary, category, tags } of TEMPLATES) {
    assert.ok(title !== "" && summary !== "" && category !== "" && tags.length > 0);
  }
});

for (const { id, yaml, input } of TEMPLATES) {
  test(`${id} loads without a diagnostic and takes its example`, () => {
    const { definition, diagnostics } = loadWorkflow(yaml, id);
    assert.deepEqual(
      diagnostics.map(({ line, message }) => `${line}: ${message}`),
      [],
    );
    assert.equal(definition?.name, id);
    assert.deepEqual(definition?.inputSchema?.check(input), []);
  });

  test(`${id} runs to its end`, { timeout: 60_000 }, async () => {
    const client = createClient({ url: platform.url });
    await client.workflows.register(yaml);
    const { execution_id } = await client.execute(id, input);
    const ended = await client.waitForEnd(execution_id, { signal: AbortSignal.timeout(50_000) });
    assert.equal(ended.status, "completed", JSON.stringify(ended.error));
  });
}
