/** The command line, as people and scripts use it: what it prints where, and how it ends. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { parse } from "yaml";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import { answer, job, MAGICFLOW, read, register, startService, take, within, workflow } from "./service.ts";

const service = await startService();
const folder = mkdtempSync(join(tmpdir(), "magicflow-cli-"));
after(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it in the folder of these cases, against the running platform. */
function magicflow(args: readonly string[], input = "", environment: Record<string, string> = {}): Promise<Ended> {
  const { child, ended } = begin(args, environment);
  child.stdin?.end(input);
  return ended;
}

function begin(
  args: readonly string[],
  environment: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(MAGICFLOW, args, {
    cwd: folder,
    env: { ...process.env, MAGICFLOW_URL: service.url, ...environment },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  return { child, ended };
}

/** Writes a file into the folder, and answers its path from there. */
function file(path: string, text: string | JsonObject): string {
  const whole = join(folder, path);
  mkdirSync(join(whole, ".."), { recursive: true });
  writeFileSync(whole, typeof text === "string" ? text : JSON.stringify(text));
  return path;
}

const json = (text: string): JsonObject => JSON.parse(text) as JsonObject;

const GREET = `# What greets.
apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: greet, version: 1.0.0 }
spec:
  steps:
    - name: say          # aloud
      type: set
      condition: input.name != null
      variables: { text: "Hello \${input.name}" }
  output: { text: $.context.text }
`;

const FAIL: JsonObject = { name: "stop", type: "fail", code: "NO", message: "It was meant to." };
const WAIT: JsonObject = { name: "go", type: "wait_for_event", event: "go" };

suite("every command", { concurrency: 3 }, () => {
  const COMMANDS = ["start", "validate", "fmt", "apply", "run", "execute", "executions"];
  for (const name of COMMANDS) {
    test(`${name} explains itself`, async () => {
      const { code, stdout } = await magicflow([name, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: magicflow ${name}`));
    });
  }

  test("one that is not there is wrong usage, and the one that was meant is offered", async () => {
    const { code, stderr } = await magicflow(["valdiate"]);
    assert.equal(code, 2);
    assert.match(stderr, /validate/);
    assert.equal((await magicflow(["execute"])).code, 2, "an argument is missing");
    const wrong = await magicflow(["start", "--prot", "1"]);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /--port/);
    const version = await magicflow(["--version"]);
    assert.match(version.stdout, /^\d+\.\d+\.\d+/);
  });

  test("both of its names lead to the same program", () => {
    const { bin } = JSON.parse(readFileSync(join(MAGICFLOW, "..", "package.json"), "utf8"));
    assert.deepEqual(Object.keys(bin).sort(), ["magic-flow", "magicflow"]);
    assert.equal(bin["magic-flow"], bin["magicflow"]);
  });

  test("shells complete it", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await magicflow(["completion", shell]);
      assert.equal(code, 0);
      assert.match(stdout, /executions/);
    }
  });

  test("without a server it says so, and where it looked", async () => {
    const { code, stderr } = await magicflow(["executions", "list"], "", { MAGICFLOW_URL: "http://127.0.0.1:9" });
    assert.equal(code, 7);
    assert.match(stderr, /127\.0\.0\.1:9/);
    const flag = await magicflow(["--server", service.url, "executions", "list", "--json"], "", {
      MAGICFLOW_URL: "http://127.0.0.1:9",
    });
    assert.equal(flag.code, 0, flag.stderr);
  });
});

suite("files", { concurrency: 3 }, () => {
  test("validate shows every problem with its place, in files and folders, and checks without a server", async () => {
    file("checked/good.yaml", GREET);
    file(
      "checked/deep/bad.yaml",
      GREET.replace("type: set", "type: sett").replace("input.name != null", "input.name !="),
    );
    file("checked/note.txt", "not a workflow");
    const all = await magicflow(["validate", "--workflows", "checked"], "", { MAGICFLOW_URL: "http://127.0.0.1:9" });
    assert.equal(all.code, 3);
    const text = all.stdout + all.stderr;
    assert.match(text, /checked\/deep\/bad\.yaml:8:\d+/);
    assert.match(text, /checked\/deep\/bad\.yaml:9:\d+/);
    assert.match(text, /set/, "the type that was meant is offered");
    assert.doesNotMatch(text, /\x1b\[/, "no colour where there is no terminal");
    assert.equal((await magicflow(["validate", "checked/good.yaml"])).code, 0);
    const told = await magicflow(["validate", "checked", "--json"]);
    assert.equal(told.code, 3);
    assert.match(JSON.stringify(json(told.stdout)), /"line":8/);
    const sarif = json((await magicflow(["validate", "checked", "--format", "sarif"])).stdout);
    assert.equal(sarif["version"], "2.1.0");
    const missing = await magicflow(["validate", "nobody.yaml"]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /nobody\.yaml/);
    assert.equal((await magicflow(["validate", "-"], GREET)).code, 0);
  });

  test("fmt prints the canonical form, keeps comments, and changes nothing the second time", async () => {
    const path = file("formed.yaml", GREET);
    const { code, stdout } = await magicflow(["fmt", path]);
    assert.equal(code, 0);
    assert.match(stdout, /# What greets\./);
    assert.match(stdout, /# aloud/);
    const document = parse(stdout) as JsonObject;
    assert.equal(document["apiVersion"], "workflow.magic-flow.io/v2");
    assert.equal(within(document, "spec", "steps", 0, "when"), "input.name != null");
    assert.equal(readFileSync(join(folder, path), "utf8"), GREET, "printing is not writing");
    assert.equal((await magicflow(["fmt", "--check", path])).code, 3);
    assert.equal((await magicflow(["fmt", "--write", path])).code, 0);
    assert.equal(readFileSync(join(folder, path), "utf8"), stdout);
    assert.equal((await magicflow(["fmt", "--check", path])).code, 0);
    assert.equal((await magicflow(["fmt", "-"], stdout)).stdout, stdout);
  });

  test("run runs one workflow in its own process: its output is all of stdout", async () => {
    file("run/greet.yaml", GREET);
    file("run/input.json", { name: "Ada" });
    const alone = { MAGICFLOW_URL: "http://127.0.0.1:9" };
    const ran = await magicflow(["run", "run/greet.yaml", "--input", "run/input.json"], "", alone);
    assert.deepEqual([ran.code, json(ran.stdout)], [0, { text: "Hello Ada" }], ran.stderr);
    const inline = await magicflow(["run", "run/greet.yaml", "--input", '{"name":"Bob"}', "--json"], "", alone);
    assert.match(inline.stdout, /Hello Bob/);
    const failing = file("run/fail.yaml", workflow("failing", [FAIL]));
    const failed = await magicflow(["run", failing], "", alone);
    assert.equal(failed.code, 8);
    assert.match(failed.stderr, /NO/);
    assert.match(failed.stderr, /It was meant to\./);
    const broken = await magicflow(["run", file("run/broken.yaml", "kind: Workflow")], "", alone);
    assert.equal(broken.code, 3);
    const functions = file("run/functions.mjs", "export const double = ({ n }) => ({ n: n * 2 });\n");
    const calling = file("run/calling.yaml", workflow("calling", [job("local", "double")]));
    const called = await magicflow(["run", calling, "--input", '{"n":4}', "--functions", functions], "", alone);
    assert.deepEqual([called.code, json(called.stdout)], [0, { n: 8 }], called.stderr);
  });
});

test("apply registers files, again changes nothing, shows what it would do, and prunes what is gone", async () => {
  file("gitops/one.yaml", workflow("git-one", [WAIT]));
  file("gitops/two.yaml", workflow("git-two", [WAIT]));
  const versionsOf = async (name: string): Promise<readonly Json[]> => {
    const { items } = (await service.get(`/workflows/${name}/versions`)).body;
    return ((items ?? []) as JsonObject[]).map((one) => one["version"] ?? null);
  };
  const dry = await magicflow(["apply", "-f", "gitops", "--dry-run"]);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout + dry.stderr, /git-one/);
  assert.deepEqual(await versionsOf("git-one"), []);
  assert.equal((await magicflow(["apply", "-f", "gitops"])).code, 0);
  assert.deepEqual([await versionsOf("git-one"), await versionsOf("git-two")], [["1.0.0"], ["1.0.0"]]);
  const again = await magicflow(["apply", "-f", "gitops"]);
  assert.equal(again.code, 0);
  assert.deepEqual(await versionsOf("git-one"), ["1.0.0"]);

  file("gitops/one.yaml", workflow("git-one", [WAIT, { ...FAIL, name: "added" }], {}, { version: "1.1.0" }));
  const diff = await magicflow(["apply", "-f", "gitops", "--dry-run"]);
  assert.match(diff.stdout, /^\+.*added/m, "a diff");
  assert.deepEqual(await versionsOf("git-one"), ["1.0.0"]);
  file("gitops/one.yaml", workflow("git-one", [WAIT, FAIL]));
  const conflict = await magicflow(["apply", "-f", "gitops"]);
  assert.equal(conflict.code, 6, "a version never changes");
  assert.match(conflict.stderr, /1\.0\.1/);

  file("gitops/one.yaml", workflow("git-one", [WAIT]));
  rmSync(join(folder, "gitops/two.yaml"));
  const unsure = await magicflow(["apply", "-f", "gitops", "--prune"]);
  assert.notEqual(unsure.code, 0, "nobody is there to be asked");
  assert.equal((await service.get("/workflows/git-two")).body["status"], "active");
  assert.equal((await magicflow(["apply", "-f", "gitops", "--prune", "--yes"])).code, 0);
  assert.equal((await service.get("/workflows/git-two")).body["status"], "archived");
  assert.equal((await service.get("/workflows/git-one")).body["status"], "active");
  assert.equal((await magicflow(["apply", "-f", file("wrong.yaml", "kind: Workflow")])).code, 3);
});

suite("executions", { concurrency: 3 }, () => {
  test("execute starts one, waits for it or follows it, and says how it ended", async () => {
    await service.call("POST", "/workflows", GREET, { "content-type": "application/yaml" });
    await register(service, workflow("stuck", [WAIT]));
    await register(service, workflow("failing", [FAIL]));
    const input = ["--input", '{"name":"Ada"}'];
    const begun = await magicflow(["execute", "greet", ...input, "--json"]);
    assert.equal(begun.code, 0, begun.stderr);
    const id = String(json(begun.stdout)["execution_id"]);
    assert.equal((await read(service, id))["execution_id"], id);
    const waited = await magicflow(["execute", "greet", ...input, "--wait"]);
    assert.deepEqual([waited.code, json(waited.stdout)], [0, { text: "Hello Ada" }]);
    const piped = await magicflow(["execute", "greet", "--input", "-", "--wait"], '{"name":"Pipe"}');
    assert.deepEqual(json(piped.stdout), { text: "Hello Pipe" });
    const followed = await magicflow(["execute", "greet", ...input, "--follow"]);
    assert.equal(followed.code, 0);
    assert.match(followed.stdout + followed.stderr, /say/, "each step is shown");
    const lines = (await magicflow(["execute", "greet", ...input, "--follow", "--json"])).stdout.trim().split("\n");
    assert.ok(lines.length > 1);
    for (const line of lines) assert.equal(typeof json(line), "object");
    const failed = await magicflow(["execute", "failing", "--wait"]);
    assert.equal(failed.code, 8);
    assert.match(failed.stderr, /NO.*It was meant to\./s);
    const late = await magicflow(["execute", "stuck", "--wait", "--wait-timeout", "100ms"]);
    assert.equal(late.code, 124);
    assert.equal((await magicflow(["execute", "nobody"])).code, 5);
    for (const bad of [
      ["--input", "{"],
      ["--priority", "urgent"],
    ]) {
      assert.equal((await magicflow(["execute", "greet", ...bad])).code, 2);
    }
    const twice = ["execute", "stuck", "--execution-id", "cli-1", "--json"];
    const ids = [await magicflow(twice), await magicflow(twice)].map(({ stdout }) => json(stdout)["execution_id"]);
    assert.deepEqual(ids, ["cli-1", "cli-1"]);
    const other = await magicflow([...twice, "--input", '{"a":1}']);
    assert.equal(other.code, 6);
    assert.equal(json(other.stdout || other.stderr)["code"], "IDEMPOTENCY_CONFLICT", "errors are JSON as well");
  });

  test("executions are listed, shown and steered", async () => {
    await register(service, workflow("steered", [job("steered", "work"), WAIT]));
    const { body } = await service.post("/workflows/steered/execute", { input: { n: 1 } });
    const id = String(body["execution_id"]);
    const run = async (...args: string[]) => {
      const ended = await magicflow(["executions", ...args]);
      assert.equal(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
      return ended.stdout;
    };
    const statusOf = async () => (await read(service, id))["status"];
    assert.match(await run("list", "--workflow", "steered"), new RegExp(id));
    assert.equal(within(json(await run("list", "--workflow", "steered", "--json")), "items", 0, "execution_id"), id);
    assert.match(await run("get", id), /work/);
    assert.equal(json(await run("get", id, "--json"))["execution_id"], id);
    assert.match(await run("history", id), /StepScheduled/);
    assert.match(await run("logs", id), /work/);
    assert.match(await run("explain", id), /work/);
    await run("pause", id);
    assert.equal(await statusOf(), "paused");
    await run("resume", id);
    assert.equal(await statusOf(), "running");
    const { id: task } = await take(service, "steered");
    await answer(service, task);
    await run("cancel", id);
    assert.equal(await statusOf(), "cancelled");
    await run("retry", id);
    assert.equal(await statusOf(), "running");
    await run("signal", id, "go", "--data", '{"n":2}');
    assert.deepEqual((await service.get(`/executions/${id}/results?wait=9s`)).body["output"], { n: 2 });
    const again = String(json(await run("rerun", id, "--json"))["execution_id"]);
    assert.equal(within(await read(service, again), "origin", "execution_id"), id);
    await run("terminate", again);
    assert.equal((await read(service, again))["status"], "cancelled");
    assert.equal((await magicflow(["executions", "get", "nobody"])).code, 5);
    assert.equal((await magicflow(["executions", "retry", id])).code, 6, "it has completed");
  });
});

suite("start", { concurrency: 3 }, () => {
  test("its banner says where everything is, and its data are where it was told", async () => {
    const text = service.printed();
    for (const part of [service.url, service.dashboardUrl, join(service.folder, "data"), "magicflow.yaml", "ready"]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /warning/, "open to everybody on this machine");
  });

  test("a port that is taken is told as such", async () => {
    const { port } = new URL(service.url);
    const taken = await magicflow(["start", "--port", port, "--dashboard-port", "0", "--data-dir", "taken"]);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, new RegExp(port));
    assert.doesNotMatch(taken.stderr, /\n\s+at /, "no stack traces for people");
  });

  test("a folder belongs to one process", async () => {
    const data = join(service.folder, "data");
    const second = await magicflow(["start", "--port", "0", "--dashboard-port", "0", "--data-dir", data]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /data/);
  });

  test("signals stop it in order, and a demo shows an order from its start to its end", async () => {
    const { child, ended } = begin(["start", "--port", "0", "--dashboard-port", "0", "--data-dir", "demo", "--demo"]);
    const seen = new Promise<void>((resolve) => {
      let text = "";
      const read = (chunk: Buffer): void => {
        text += chunk.toString();
        if (/completed/i.test(text)) resolve();
      };
      child.stdout?.on("data", read);
      child.stderr?.on("data", read);
    });
    await Promise.race([seen, ended]);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    assert.ok(code === 0 || code === 130, `${code}\n${stdout}${stderr}`);
    assert.match(stdout + stderr, /completed/i);
  });
});
