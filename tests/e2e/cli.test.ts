/** The commands about executions, how every command is used and misused, and what its exit code means. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ExecutionMessage, HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import { type Finished, type Folder, freePort, openFolder, runChild, startChild } from "./child.ts";
import { cli, MAGICFLOW, type Platform, startPlatform } from "./platform.ts";

const WORKFLOWS = {
  // Without an executor of its own: it waits where a test wants it to wait.
  waiting: `
spec:
  input_schema: { type: object, properties: { who: { type: string, minLength: 2 }, n: { type: integer } } }
  steps:
    - { name: note, type: transform, mapping: { who: $.input.who } }
    - { name: asked, type: wait_for_event, event: answer }
    - { name: judge, type: condition, condition: "asked.ok == true", else: [{ name: no, type: fail, code: REFUSED, message: "Not like this." }] }
  output: { answer: $.asked.text, who: $.note.who }`,
  quick: `
spec:
  steps:
    - { name: double, type: transform, mapping: { n: "\${input.n * 2}" } }
  output: { n: $.double.n }`,
};

let platform: Platform;
let folder: Folder;
before(async () => {
  [platform, folder] = await Promise.all([startPlatform(), openFolder()]);
  for (const [name, spec] of Object.entries(WORKFLOWS)) {
    await platform.api.register(
      `apiVersion: magicflow.io/v2\nkind: Workflow\nmetadata: { name: ${name}, version: 1.0.0, tags: [${name}-tag] }${spec}\n`,
    );
  }
});
after(async () => {
  await Promise.all([platform[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
});

function mf(...args: string[]): Promise<Finished> {
  return platform.cli(args);
}

/** All at once: a command spends most of its time on starting. */
function all<T extends readonly (readonly string[])[]>(...commands: T): Promise<{ [i in keyof T]: Finished }> {
  return Promise.all(commands.map((args) => platform.cli(args))) as Promise<{ [i in keyof T]: Finished }>;
}

async function startWaiting(more: readonly string[] = []): Promise<string> {
  const id = `w-${crypto.randomUUID()}`;
  const started = await mf("execute", "waiting", "-i", `{"who": "Ada"}`, "--execution-id", id, ...more);
  assert.equal(started.code, 0, started.stderr);
  assert.equal(started.stdout, `${id}\n`);
  await platform.api.waitForEvent(id, ({ type, step }) => type === "StepStarted" && step === "asked");
  return id;
}

test("execute starts, waits, follows, and says by its exit code how it went", { timeout: 90_000 }, async () => {
  const input = join(folder.path, "input.json");
  await writeFile(input, `{ "n": 21 }`);
  const piped = platform.cli(["execute", "quick", "--wait", "--input", "-"], { input: `{ "n": 3 }` });
  const [waited, at, json, followed, quiet] = await all(
    ["execute", "quick", "--wait", "--input", input],
    ["execute", "quick", "-w", "-i", `@${input}`],
    ["execute", "quick", "-w", "-i", `{"n": 1}`, "--json", "--metadata", "team=a,place=b", "--priority", "high"],
    ["execute", "quick", "--follow", "-i", `{"n": 1}`],
    ["execute", "quick", "-w", "-q", "-i", `{"n": 1}`],
  );
  assert.deepEqual([waited.code, waited.stdout], [0, `{\n  "n": 42\n}\n`]);
  assert.match(waited.stderr, /^completed \S+ in [\d.]+ s$/m);
  assert.equal(at.stdout, waited.stdout);
  assert.deepEqual([(await piped).code, (await piped).stdout], [0, `{\n  "n": 6\n}\n`]);
  const ended = JSON.parse(json.stdout) as ExecutionMessage;
  assert.deepEqual([ended.status, ended.output, ended.metadata], ["completed", { n: 2 }, { team: "a", place: "b" }]);
  assert.equal(followed.code, 0);
  assert.match(followed.stderr, /✓ completed +double\n/);
  assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);

  const id = await startWaiting();
  const known = ["execute", "waiting", "--execution-id", id, "-i", `{"who": "Ada"}`];
  const patience = await mf(...known, "--wait", "--wait-timeout", "300ms");
  assert.equal(patience.code, 124, patience.stderr);
  assert.match(patience.stderr, /within 300ms/);
  const refusal = await mf("executions", "signal", id, "answer", "--data", `{"ok": false}`);
  assert.equal(refusal.code, 0, refusal.stderr);
  const failed = await mf(...known, "--follow");
  assert.equal(failed.code, 8);
  assert.match(failed.stderr, /failed \S+ in [\d.]+ s: REFUSED: Not like this\. \(step no\)/);
});

test("execute --follow --json prints each event once, one a line, and then the execution", {
  timeout: 60_000,
}, async () => {
  const id = await startWaiting();
  await using following = startChild(MAGICFLOW, ["executions", "get", id, "--follow", "--json"], {
    env: { MAGICFLOW_URL: platform.url },
  });
  await following.until(/"type":"StepStarted"/);
  assert.equal((await mf("executions", "signal", id, "answer", "-d", `{"ok": true, "text": "yes"}`)).code, 0);
  assert.deepEqual(await following.exited, { code: 0, signal: null });
  const lines = following.stdout.split("\n");
  const events = lines
    .filter((line) => line.startsWith(`{"seq":`))
    .map((line) => JSON.parse(line) as HistoryEventMessage);
  assert.deepEqual(events, await platform.api.history(id));
  const execution = JSON.parse(lines.slice(events.length).join("\n")) as ExecutionMessage;
  assert.deepEqual([execution.status, execution.output], ["completed", { answer: "yes", who: "Ada" }]);
});

test("wrong use is told with a suggestion, and ends with 2", { timeout: 90_000 }, async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Usage: magicflow/],
    [["exeute", "quick"], /unknown command 'exeute'[\s\S]*Did you mean execute\?/],
    [["execute"], /missing required argument 'workflow'/],
    [["execute", "quick", "--inptu", "{}"], /unknown option '--inptu'[\s\S]*Did you mean --input\?/],
    [["execute", "quick", "--input"], /--input.* argument missing/],
    [["execute", "quick", "-i", `{"n": `], /--input.*JSON/],
    [["execute", "quick", "-i", "nowhere.json"], /nowhere\.json/],
    [["execute", "quick", "--wait", "--wait-timeout", "soon"], /--wait-timeout.*duration.*"soon"/],
    [["execute", "quick", "extra"], /too many arguments/],
    [["executions", "lst"], /unknown command 'lst'[\s\S]*Did you mean list\?/],
    [["executions", "list", "--limit", "many"], /--limit.*whole number.*"many"/],
    [["executions", "list", "--limit", "0"], /--limit/],
    [["executions", "signal", "some-id"], /Expected an id and the name of the signal/],
    [["apply"], /required option '-f, --file/],
    [["apply", "-f", "nowhere.yaml"], /nowhere\.yaml/],
    [["start", "--port", "eighty"], /"server\.port".*0 to 65535.*"eighty"/],
    [["start", "--prot", "1"], /Did you mean --port\?/],
    [["start", "--config", "nowhere.yaml"], /nowhere\.yaml/],
  ];
  const results = await Promise.all(cases.map(([args]) => cli(args)));
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    const [args, said] = cases[i] ?? [[], /$/];
    assert.deepEqual([code, stdout], [2, ""], `${args.join(" ")}\n${stderr}`);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /\n +at /, "a stack trace");
  }
});

test("every command explains itself, and the program says its version", { timeout: 90_000 }, async () => {
  const parts = [
    "list",
    "get",
    "history",
    "logs",
    "cancel",
    "terminate",
    "pause",
    "resume",
    "retry",
    "signal",
    "rerun",
  ];
  const commands = [
    [],
    ...["start", "validate", "fmt", "apply", "run", "execute", "executions"].map((name) => [name]),
    ...parts.map((part) => ["executions", part]),
  ];
  const helps = await Promise.all(commands.map((args) => cli([...args, "--help"])));
  for (const [i, { code, stdout, stderr }] of helps.entries()) {
    assert.deepEqual([code, stderr], [0, ""], `${commands[i]?.join(" ")}`);
    assert.ok(stdout.startsWith(`Usage: ${["magicflow", ...(commands[i] ?? [])].join(" ")}`), stdout);
  }
  assert.match(helps[0]?.stdout ?? "", /Exit codes: 0 fine, 1 failure, 2 wrong usage/);
  const version = await cli(["--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\S*\n$/);
});

test("what the server says becomes an exit code: 2 wrong, 3 invalid, 5 not found, 6 conflict, 7 not there", {
  timeout: 90_000,
}, async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const id = await startWaiting();
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [
      3,
      /VALIDATION_FAILED[\s\S]*\/n {2}[\s\S]*\/who {2}|\/who {2}[\s\S]*\/n {2}/,
      ["execute", "waiting", "-i", `{"who": "A", "n": 1.5}`],
    ],
    [5, /WORKFLOW_NOT_FOUND/, ["execute", "nowhere", "--wait"]],
    [5, /VERSION_NOT_FOUND/, ["execute", "quick", "--workflow-version", "9.9.9"]],
    ...["get", "history", "logs", "cancel", "terminate", "pause", "resume", "retry", "rerun"].map(
      (part) => [5, /EXECUTION_NOT_FOUND/, ["executions", part, "nowhere"]] as const,
    ),
    [5, /EXECUTION_NOT_FOUND/, ["executions", "get", "nowhere", "--follow"]],
    [5, /EXECUTION_NOT_FOUND/, ["executions", "signal", "nowhere", "answer"]],
    [6, /IDEMPOTENCY_CONFLICT/, ["execute", "waiting", "--execution-id", id, "-i", `{"who": "Eve"}`]],
    [6, /EXECUTION_NOT_ENDED/, ["executions", "retry", id]],
    [2, /BAD_REQUEST/, ["execute", "waiting", "--execution-id", "not an id"]],
    [2, /BAD_REQUEST[\s\S]*query\/status/, ["executions", "list", "--status", "sleeping"]],
    [7, /CONNECTION_FAILED/, ["executions", "list", "--server", nobody]],
    [7, /CONNECTION_FAILED/, ["execute", "quick", "--wait", "--server", nobody]],
    [7, /CONNECTION_FAILED/, ["executions", "get", id, "--follow", "--server", nobody]],
  ];
  const results = await Promise.all(cases.map(([, , args]) => platform.cli(args)));
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    const [expected, said, args] = cases[i] ?? [-1, /$/, []];
    assert.deepEqual([code, stdout], [expected, ""], `${args.join(" ")}\n${stderr}`);
    assert.match(stderr, said, args.join(" "));
  }
  const [problem] = await all(["executions", "get", "nowhere", "--json"]);
  assert.equal(problem.code, 5);
  const document = JSON.parse(problem.stdout) as { code: string; status: number; request_id: string };
  assert.deepEqual([document.code, document.status], ["EXECUTION_NOT_FOUND", 404]);
  assert.ok(document.request_id.length > 0);
});

test("executions can be looked at: listed, read, with history and logs", { timeout: 90_000 }, async () => {
  const id = await startWaiting(["--metadata", `{"customer": "c-1", "vip": true}`]);
  const [list, filtered, none, limited, json, got, history, historyJson, logs, logsJson] = await all(
    ["executions", "list"],
    [
      "executions",
      "list",
      "--workflow",
      "waiting",
      "--status",
      "running,paused",
      "--metadata",
      "customer=c-1",
      "--tag",
      "waiting-tag",
    ],
    ["executions", "list", "--metadata", "customer=nobody"],
    ["executions", "list", "--limit", "1"],
    ["executions", "list", "--text", id, "--json"],
    ["executions", "get", id],
    ["executions", "history", id],
    ["executions", "history", id, "--json"],
    ["executions", "logs", id],
    ["executions", "logs", id, "--json"],
  );
  assert.match(list.stdout, /^ID +WORKFLOW +VERSION +STATUS +STARTED +SECONDS\n/);
  assert.ok(list.stdout.includes(`${id}  waiting`));
  assert.deepEqual(
    filtered.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]),
    ["ID", id],
  );
  assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", "There are no such executions.\n"]);
  assert.equal(limited.stdout.trim().split("\n").length, 2);
  const { items } = JSON.parse(json.stdout) as { items: { execution_id: string }[] };
  assert.deepEqual(
    items.map(({ execution_id }) => execution_id),
    [id],
  );
  assert.match(got.stdout, /^execution +\S+\nworkflow +waiting 1\.0\.0\nstatus +running\n/);
  assert.match(got.stdout, /^asked +wait_for_event +waiting +/m);

  const events = await platform.api.history(id);
  const shown = [...history.stdout.matchAll(/^ *(\d+) {2}\S+ {2}(\w+)/gm)].map(([, seq, type]) => [Number(seq), type]);
  assert.deepEqual(
    shown,
    events.map(({ seq, type }) => [seq, type]),
  );
  assert.deepEqual(
    historyJson.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    events,
  );
  assert.equal(logs.stdout.trim().split("\n").length, events.length);
  assert.match(logs.stdout, /^\S+Z {2}(info|debug) /);
  const lines = logsJson.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { seq: number; message: string });
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    events.map(({ seq }) => seq),
  );
});

test("executions can be controlled: pause, resume, signal, cancel, retry, rerun, terminate", {
  timeout: 90_000,
}, async () => {
  const id = await startWaiting();
  const status = async () => (await platform.api.read(id)).status;
  const does = async (code: number, ...args: string[]) => {
    const done = await mf("executions", ...args);
    assert.equal(done.code, code, `${args.join(" ")}: ${done.stderr}`);
    return done;
  };
  assert.match((await does(0, "pause", id)).stderr, /is paused\n/);
  assert.equal(await status(), "paused");
  await does(0, "signal", id, "answer", "-d", `{"ok": true, "text": "kept"}`, "--id", "once");
  await does(0, "signal", id, "answer", "-d", `{"ok": true, "text": "kept"}`, "--id", "once");
  assert.equal(await status(), "paused");
  await does(0, "resume", id);
  assert.deepEqual((await platform.api.waitForEnd(id)).output, { answer: "kept", who: "Ada" });
  assert.equal((await platform.api.history(id)).filter(({ type }) => type === "SignalReceived").length, 1);
  await does(6, "cancel", id);
  await does(6, "retry", id);

  const again = (await does(0, "rerun", id, "--input", `{"who": "Bob"}`)).stdout.trim();
  assert.deepEqual((await platform.api.read(again)).origin, { kind: "rerun", execution_id: id });
  await does(0, "cancel", again, "--reason", "enough");
  const cancelled = await platform.api.waitForEnd(again);
  assert.deepEqual([cancelled.status, cancelled.error?.message ?? cancelled.error], ["cancelled", "enough"]);
  assert.match((await does(0, "retry", again)).stderr, /is running\n/);
  await does(0, "signal", again, "answer", "-d", `{"ok": true, "text": "at last"}`);
  assert.deepEqual((await platform.api.waitForEnd(again)).output, { answer: "at last", who: "Bob" });

  const third = (await does(0, "rerun", again)).stdout.trim();
  assert.match((await does(0, "terminate", third)).stderr, /is cancelled\n/);
  assert.equal((await platform.api.history(third)).at(-1)?.data["terminated"], true);
});

test("an interrupted command ends with 130, a terminated one with 143", { timeout: 60_000 }, async () => {
  const id = await startWaiting();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    for (const args of [
      ["execute", "waiting", "--execution-id", id, "-i", `{"who": "Ada"}`, "--wait"],
      ["executions", "get", id, "-f"],
    ]) {
      await using waiting = startChild(MAGICFLOW, args, { env: { MAGICFLOW_URL: platform.url } });
      await waiting.until(/ running \.\.\.|started +asked/);
      assert.deepEqual(await waiting.end(signal), { code, signal: null }, args.join(" "));
    }
  }
  const file = join(folder.path, "hangs.yaml");
  await writeFile(
    file,
    `apiVersion: magicflow.io/v2\nkind: Workflow\nmetadata: { name: hangs }\nspec: { steps: [{ name: asked, type: wait_for_event, event: e }] }\n`,
  );
  await using running = startChild(MAGICFLOW, ["run", file]);
  await running.until(/started +asked/);
  assert.deepEqual(await running.end("SIGINT"), { code: 130, signal: null });
});

test("words for people stay out of data, and colours stay where a person looks", { timeout: 60_000 }, async () => {
  const id = await startWaiting();
  const coloured = await platform.cli(["executions", "get", id], { env: { NO_COLOR: "", FORCE_COLOR: "1" } });
  const [plain, short] = await Promise.all([
    mf("executions", "get", id),
    runChild("sh", ["-c", `"${MAGICFLOW}" executions history ${id} | head -n 1; echo done`], {
      env: { MAGICFLOW_URL: platform.url },
    }),
  ]);
  assert.equal(coloured.code, 0);
  assert.doesNotMatch(plain.stdout + plain.stderr, /\u001b/);
  assert.match(short.stdout, /^ +1 {2}\S+ {2}ExecutionStarted\ndone\n$/);
  assert.equal(short.stderr, "");
});
