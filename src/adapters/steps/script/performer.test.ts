import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Json } from "../../../core/base/json.ts";
import type { EngineTask } from "../../../core/engine/reactions.ts";
import type { Performed } from "../../../ports/performer.ts";
import { createScriptPerformer } from "./performer.ts";

/** One for all tests: what one script does must not be seen by the next. */
const performer = createScriptPerformer({ bytesMax: 1_048_576, threads: 1 });
after(() => performer[Symbol.asyncDispose]());

test("JavaScript gets the input and gives JSON back", async () => {
  const source =
    "function transform(input) { return { sum: input.items.reduce((a, b) => a + b, 0), at: undefined, n: NaN } }";
  assert.deepEqual(await output("javascript", source, { items: [1, 2, 3] }), { sum: 6, n: null });
  assert.equal(await output("javascript", "const transform = (x) => x", "same"), "same");
  assert.equal(await output("javascript", "function transform() {}"), null);
  assert.equal(
    await output("javascript", "async function transform(x) { return (await Promise.resolve(x)) + 1 }", 1),
    2,
  );
});

test("JSONata gets the input and gives JSON back", async () => {
  assert.deepEqual(await output("jsonata", "{ 'total': $sum(items.price), 'names': items.name }", ITEMS), {
    total: 30,
    names: ["a", "b"],
  });
  assert.equal(await output("jsonata", "missing"), null);
  assert.equal(await output("jsonata", "$string($)", [1, 2]), "[1,2]");
  assert.deepEqual(await output("jsonata", "items[price > 15]", ITEMS), { name: "b", price: 20 });
  assert.equal(await output("jsonata", "$sum($map([1..1000], function($x) { $x * 2 }))"), 1_001_000);
});

test("an error says what and in which line", async () => {
  await failsWith(
    "javascript",
    "function transform(input) {\n  return 1\n    + input.a.b;\n}",
    /threw in line 3: TypeError/,
    3,
  );
  await failsWith("javascript", "function transform(input) {\n  return (;\n}", /SyntaxError/, 2);
  await failsWith("javascript", "const x = 1", /define `function transform\(input\)`/);
  await failsWith("javascript", "function transform() { throw 'plain' }", /plain/);
  await failsWith("javascript", "function transform() { throw { get message() { throw 1 } } }", /threw/);
  await failsWith("javascript", "function transform() { return 1n }", /BigInt|bigint/i);
  await failsWith("javascript", "async function transform() { await new Promise(() => {}) }", /promise/);
  await failsWith("javascript", "async function transform() { throw new Error('late') }", /late/);
  await failsWith("javascript", `function transform() { throw new Error('x'.repeat(1e6)) }`, /x…/);
  await failsWith("jsonata", "a +\n  ", /line 2/, 2);
  await failsWith("jsonata", "\n$sum('x')", /line 2.*sum/, 2);
  await failsWith("cobol", "x", /JSONata or JavaScript/);
});

test("an endless loop is stopped, wherever it hides", { timeout: 60_000 }, async () => {
  const loops: readonly (readonly [string, string])[] = [
    ["javascript", "function transform() { for (;;); }"],
    ["javascript", "for (;;);"],
    ["javascript", "function transform() { return { toJSON() { for (;;); } } }"],
    ["javascript", "async function transform() { for (;;) await 1 }"],
    ["javascript", "function transform() { try { for (;;); } finally { for (;;); } }"],
    ["javascript", "function transform() { throw { get message() { for (;;); } } }"],
    ["javascript", "function transform() { return /^(a+)+$/.test('a'.repeat(64) + 'b') }"],
    ["jsonata", "($f := function($x) { $f($x) }; $f(1))"],
    ["jsonata", "$map([1..1000000], function($x) { $map([1..1000000], function($y) { $x * $y }) })"],
    ["jsonata", "$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', /^(a+)+$/)"],
  ];
  for (const [language, source] of loops) {
    const performed = await run(language, source, null, { timeoutMs: 200 });
    assert.ok(performed.status === "failed", source);
    assert.match(performed.error.code, /^(TIMEOUT|SCRIPT_ERROR)$/, source);
  }
  assert.equal(await output("javascript", "function transform(x) { return x }", "well"), "well");
});

test("a memory bomb fails its own step only", { timeout: 120_000 }, async () => {
  const bombs: readonly (readonly [string, string])[] = [
    ["javascript", "function transform() { const a = []; for (;;) a.push(new Array(1000).fill('x')); }"],
    ["javascript", "function transform() { let s = 'x'; for (;;) s += s; }"],
    ["javascript", "function transform() { return new ArrayBuffer(2 ** 31) }"],
    ["javascript", "function transform() { return 'x'.repeat(2 ** 29) }"],
    ["javascript", "function f() { return f() + 1 } function transform() { return f() }"],
    ["javascript", "function transform() { let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; return o }"],
    [
      "javascript",
      "function transform() { const p = new Proxy({}, { ownKeys: () => Array.from({ length: 1e7 }, (_, i) => '' + i) }); return p }",
    ],
    ["jsonata", "[1..100000000]"],
    ["jsonata", "($f := function($s) { $f($s & $s) }; $f('x'))"],
    ["jsonata", "$pad('x', 1000000000)"],
    ["jsonata", "($f := function($n) { 1 + $f($n + 1) }; $f(1))"],
    ["jsonata", "$map([1..900000], function($x) { $pad('x', 1000) & $string($x) })"],
  ];
  for (const [language, source] of bombs) {
    const performed = await run(language, source, null, { timeoutMs: 1500 });
    assert.ok(performed.status === "failed", source);
    assert.match(performed.error.code, /^(SCRIPT_ERROR|TIMEOUT|PAYLOAD_TOO_LARGE)$/, source);
    assert.equal(await output("jsonata", "1 + 1"), 2, source);
  }
});

test("a script that builds without end meets the memory limit before the time limit", async () => {
  const small = "function transform() { const a = []; for (;;) a.push(new Array(1000).fill('x')); }";
  const performed = await run("javascript", small, null, { timeoutMs: 20_000 });
  assert.match(performed.status === "failed" ? performed.error.message : "", /64 MiB/);
});

test("a result that is too long or too deep to carry is refused", async () => {
  const long = await run("javascript", "function transform() { return 'x'.repeat(2e6) }");
  assert.equal(long.status === "failed" && long.error.code, "PAYLOAD_TOO_LARGE");
  const list = await run("jsonata", "[1..500000]");
  assert.equal(list.status === "failed" && list.error.code, "PAYLOAD_TOO_LARGE");
  const deep = await run(
    "javascript",
    "function transform() { let o = []; for (let i = 0; i < 600; i++) o = [o]; return o }",
  );
  assert.match(deep.status === "failed" ? deep.error.message : "", /levels deep/);
});

test("a script finds nothing of the host, and leaves nothing to the next", async () => {
  const source = `function transform() {
    const names = ["process", "require", "module", "Buffer", "fetch", "setTimeout", "WebAssembly", "Deno", "std", "os", "console"];
    const outer = new Function("return this")();
    outer.left = 1;
    Object.prototype.left = 1;
    JSON.stringify = () => "1";
    return { found: names.filter((name) => name in globalThis), made: Object.keys(outer) };
  }`;
  assert.deepEqual(await output("javascript", source), { found: [], made: ["transform", "left"] });
  assert.deepEqual(
    await output("javascript", "function transform() { return [typeof left, ({}).left === undefined] }"),
    ["undefined", true],
  );
  await failsWith("javascript", "async function transform() { return await import('node:fs') }", /./);
});

test("data may call a member whatever it likes", async () => {
  const input: Json = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": 3}');
  assert.equal(
    JSON.stringify(await output("javascript", "function transform(x) { return x }", input)),
    JSON.stringify(input),
  );
  assert.equal(JSON.stringify(await output("jsonata", "$", input)), JSON.stringify(input));
});

test("JSONata does not reach what lies behind its values", async () => {
  const escapes = [
    "$.constructor",
    "$sum.constructor",
    "$string.constructor('return process')()",
    "$lookup($, '__proto__')",
    "(function($x) { $x }).environment",
    "$each(function($x) { $x }, function($v, $k) { $k })",
    "$ ~> |$|{'__proto__': {'polluted': true}}|",
    "$merge([{'__proto__': {'polluted': true}}]).polluted",
    "{'__proto__': {'polluted': true}}.polluted",
    "$eval('$.constructor.constructor')",
  ];
  for (const source of escapes) {
    const performed = await run("jsonata", source, { a: 1 });
    assert.doesNotMatch(
      JSON.stringify(performed.status === "completed" ? performed.output : null),
      /function|native|process/i,
      source,
    );
    assert.equal(await output("jsonata", "$exists(polluted)", {}), false, source);
  }
});

test("what a failed expression leaves running is not in the way of the next", async () => {
  const failed = await run("jsonata", "[$error('x'), ($f := function($x) { $f($x) }; $f(1))]", null, {
    timeoutMs: 1000,
  });
  assert.equal(failed.status, "failed");
  const next = await run("jsonata", "1 + 1", null, { timeoutMs: 300 });
  assert.equal(next.status, "completed");
});

test("a script that is cancelled is stopped at once", async () => {
  const controller = new AbortController();
  const running = performer.perform({
    ...requestOf("javascript", "function transform() { for (;;); }", null, { timeoutMs: 60_000 }),
    signal: controller.signal,
  });
  setImmediate(() => controller.abort());
  assert.equal((await running).status, "failed");
  assert.equal(await output("jsonata", "1"), 1);
});

const ITEMS: Json = {
  items: [
    { name: "a", price: 10 },
    { name: "b", price: 20 },
  ],
};

async function output(language: string, source: string, input: Json = null): Promise<Json> {
  const performed = await run(language, source, input);
  assert.ok(performed.status === "completed", performed.status === "failed" ? performed.error.message : "");
  return performed.output;
}

async function failsWith(language: string, source: string, message: RegExp, line?: number): Promise<void> {
  const performed = await run(language, source);
  assert.ok(performed.status === "failed", source);
  assert.equal(performed.error.code, "SCRIPT_ERROR", performed.error.message);
  assert.match(performed.error.message, message);
  assert.ok(performed.error.message.length < 700);
  if (line !== undefined) assert.deepEqual(performed.error.details, { line });
}

function run(
  language: string,
  source: string,
  input: Json = null,
  change: Partial<EngineTask> = {},
): Promise<Performed> {
  return performer.perform(requestOf(language, source, input, change));
}

function requestOf(language: string, source: string, input: Json, change: Partial<EngineTask>) {
  const task: EngineTask = {
    id: "e1/map/1",
    executionId: "e1",
    workflow: "order",
    version: "1.0.0",
    step: "map",
    path: "map",
    executor: "@script",
    function: language,
    attempt: 1,
    attemptsMax: 1,
    input: { language, source, input },
    secrets: [],
    metadata: {},
    labels: {},
    priority: 5,
    timeoutMs: null,
    queueTimeoutMs: null,
    heartbeatTimeoutMs: null,
    deadline: null,
    circuit: null,
    createdAt: 0,
    ...change,
  };
  return { task, workspace: "w", signal: new AbortController().signal };
}
