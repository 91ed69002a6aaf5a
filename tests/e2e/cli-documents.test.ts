/** The commands about files: validate, fmt, apply, run. */

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Folder, openFolder, ROOT, startChild } from "./child.ts";
import { cli, MAGICFLOW, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let folder: Folder;
before(async () => {
  [platform, folder] = await Promise.all([startPlatform(), openFolder()]);
});
after(async () => {
  await Promise.all([platform[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
});

/** Writes files into a folder of their own, and answers its name. */
async function write(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder.path, name);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(path, file, ".."), { recursive: true });
    await writeFile(join(path, file), text);
  }
  return path;
}

function workflow(name: string, steps: string, more = "", version = "1.0.0"): string {
  const spec = `spec:\n${more === "" ? "" : `  ${more}\n`}  steps:\n${steps
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("")}`;
  return `apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: ${name}, version: ${version} }\n${spec}`;
}

const GREET = workflow(
  "greet",
  "- { name: hello, executor: greeter, function: hello, input: { who: $.input.who } }",
  "output: { said: $.hello.said }",
);

interface Expected {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly code: string;
}

/** A folder of a hundred files in which everything is wrong that can be, and what the language's own samples say of them. */
async function writeHundredFiles(): Promise<{ path: string; expected: readonly Expected[] }> {
  const samples = join(ROOT, "src/core/language/samples");
  const files: Record<string, string> = {};
  const expected: Expected[] = [];
  for (const [i, sample] of (await readdir(samples)).sort().entries()) {
    const text = await readFile(join(samples, sample, "input.yaml"), "utf8");
    const file = `${i % 3 === 0 ? "inner/deeper/" : ""}${sample}.yaml`;
    // A name of its own and of the same length: in one folder contexts would find the workflows of other files.
    files[file] = text.replaceAll(/\bsample\b/g, `s${String(i).padStart(5, "0")}`);
    const told = await readFile(join(samples, sample, "expected.txt"), "utf8");
    for (const [, line, column, severity = "", code = ""] of told.matchAll(/^(\d+):(\d+) (error|warning) (\S+)$/gm)) {
      expected.push({ file, line: Number(line), column: Number(column), severity, code });
    }
  }
  for (let i = Object.keys(files).length; i < 100; i++) {
    files[`fine-${i}.yml`] = workflow(`fine-${i}`, "- { name: a, type: wait, duration: 1s }");
  }
  return { path: await write("hundred", files), expected };
}

function inOrder(found: readonly Expected[]): readonly string[] {
  return found.map(({ file, line, column, severity, code }) => `${file}:${line}:${column} ${severity} ${code}`).sort();
}

test("validate names every problem of a hundred files with its place, and shows the line", {
  timeout: 120_000,
}, async () => {
  const { path, expected } = await writeHundredFiles();
  assert.ok(new Set(expected.map(({ code }) => code)).size > 50, "samples of every kind");
  const [text, json, sarif, github] = await Promise.all([
    cli(["validate", path]),
    cli(["validate", "--workflows", path, "--json"]),
    cli(["validate", path, "--format", "sarif"]),
    cli(["validate", path, "--format", "github"]),
  ]);
  for (const { code, stderr } of [text, json, sarif, github]) assert.equal(code, 3, stderr.slice(0, 2000));
  const errors = expected.filter(({ severity }) => severity === "error").length;
  const local = (file: string) => file.slice(path.length + 1);

  assert.equal(text.stdout, "");
  const heads = [...text.stderr.matchAll(/^(error|warning) (\S+) {2}(.*):(\d+):(\d+)$/gm)].map(
    ([, severity = "", code = "", file = "", line, column]): Expected => ({
      file: local(file),
      line: Number(line),
      column: Number(column),
      severity,
      code,
    }),
  );
  assert.deepEqual(inOrder(heads), inOrder(expected));
  assert.match(text.stderr, new RegExp(`in 100 files: ${errors} errors, ${expected.length - errors} warnings\n$`));
  await checkExcerpts(text.stderr);

  const document = JSON.parse(json.stdout) as {
    files: number;
    errors: number;
    valid: boolean;
    diagnostics: Expected[];
  };
  assert.deepEqual([document.files, document.errors, document.valid], [100, errors, false]);
  assert.deepEqual(inOrder(document.diagnostics.map((one) => ({ ...one, file: local(one.file) }))), inOrder(expected));

  interface Sarif {
    readonly version: string;
    readonly runs: readonly {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results: readonly {
        readonly ruleId: string;
        readonly level: string;
        readonly message: { readonly text: string };
        readonly locations: readonly {
          readonly physicalLocation: {
            readonly artifactLocation: { readonly uri: string };
            readonly region: { readonly startLine: number; readonly startColumn: number };
          };
        }[];
      }[];
    }[];
  }
  const { version, runs } = JSON.parse(sarif.stdout) as Sarif;
  const [first] = runs;
  assert(first !== undefined, "a run of SARIF");
  assert.equal(version, "2.1.0");
  assert.deepEqual(
    inOrder(
      first.results.map(({ ruleId: code, level: severity, locations }): Expected => {
        const place = locations[0]?.physicalLocation;
        assert(place !== undefined, "a result to have a place");
        const { startLine: line, startColumn: column } = place.region;
        return { file: local(place.artifactLocation.uri), line, column, severity, code };
      }),
    ),
    inOrder(expected),
  );
  assert.deepEqual(
    first.tool.driver.rules.map(({ id }) => id),
    [...new Set(expected.map(({ code }) => code))].sort(),
  );

  const annotations = [
    ...github.stdout.matchAll(/^::(error|warning) file=(.*),line=(\d+),col=(\d+),title=(\S+)::\S.*$/gm),
  ].map(
    ([, severity = "", file = "", line, column, code = ""]): Expected => ({
      file: local(file),
      line: Number(line),
      column: Number(column),
      severity,
      code,
    }),
  );
  assert.equal(github.stdout.trimEnd().split("\n").length, expected.length);
  assert.deepEqual(inOrder(annotations), inOrder(expected));
});

/** Under each message stands the line of the file, and under that a caret at the column. */
async function checkExcerpts(printed: string): Promise<void> {
  let checked = 0;
  const excerpt = /^(?:error|warning) \S+ {2}(.*):(\d+):(\d+)\n(?: {2}.*\n)+? +(\d+) \| (.*)\n +\| ( *)\^+$/gm;
  for (const [, file = "", line, column, shownLine, shown = "", indent = ""] of printed.matchAll(excerpt)) {
    assert.equal(shownLine, line);
    const source = (await readFile(file, "utf8")).split(/\r?\n/)[Number(line) - 1] ?? "";
    if (source.length > 100 || /[^\x20-\x7e]/.test(source)) continue;
    assert.equal(shown, source);
    assert.equal(indent.length, Number(column) - 1, `${file}:${line}:${column}`);
    checked += 1;
  }
  assert.ok(checked > 100, `${checked} excerpts`);
}

test("validate tells warnings, wrong usage and standard input apart", { timeout: 60_000 }, async () => {
  const path = await write("warned", {
    "good.yaml": GREET,
    "warned.yaml": workflow(
      "warned",
      "- { name: a, type: wait, duration: 1s, on_success: c }\n- { name: b, type: wait, duration: 1s, on_success: c }\n- { name: c, type: wait, duration: 1s }",
    ),
  });
  const [fine, warned, strict, stdin, none, missing, format, empty] = await Promise.all([
    cli(["validate", join(path, "good.yaml")]),
    cli(["validate", path]),
    cli(["validate", "--strict", path]),
    cli(["validate", "-"], { input: "kind: Workflw\n" }),
    cli(["validate"]),
    cli(["validate", join(path, "nowhere.yaml")]),
    cli(["validate", "--format", "xml", path]),
    cli(["validate", await write("empty", { "readme.txt": "" })]),
  ]);
  assert.deepEqual([fine.code, fine.stdout], [0, ""]);
  assert.match(fine.stderr, /^1 workflow in 1 file: 0 errors, 0 warnings\n$/);
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /^warning \S+ /m);
  assert.equal(strict.code, 3);
  assert.equal(stdin.code, 3);
  assert.match(stdin.stderr, /<stdin>:1:7/);
  assert.match(stdin.stderr, /Did you mean "Workflow"/);
  for (const { code } of [none, missing, format, empty]) assert.equal(code, 2);
  assert.match(missing.stderr, /nowhere\.yaml/);
  assert.match(format.stderr, /text, json, sarif or github/);
});

const LOOSE = `# Who greets.
apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: loose, version: 1.0.0 } # a version
spec:
  steps:
    - name: hello # the first
      service: greeter
      method: hello
      retry_config: { max_attempts: 3, backoff_strategy: fixed }
`;

test("fmt prints, checks and writes the canonical form, and keeps every comment", { timeout: 60_000 }, async () => {
  const path = await write("loose", { "loose.yaml": LOOSE, "inner/other.yml": LOOSE.replace("loose", "other") });
  const loose = join(path, "loose.yaml");
  const printed = await cli(["fmt", loose]);
  assert.equal(printed.code, 0);
  for (const comment of ["# Who greets.", "# a version", "# the first"]) assert.ok(printed.stdout.includes(comment));
  assert.match(printed.stdout, /executor: greeter\n +function: hello\n/);
  assert.match(printed.stdout, /retry: \{ max_attempts: 3, backoff: fixed \}/);
  assert.equal(await readFile(loose, "utf8"), LOOSE, "the file is left alone");
  const piped = await cli(["fmt", "-"], { input: LOOSE });
  assert.deepEqual([piped.code, piped.stdout], [0, printed.stdout]);

  const check = await cli(["fmt", "--check", path]);
  assert.deepEqual([check.code, check.stdout], [3, ""]);
  assert.match(check.stderr, /loose\.yaml is not in canonical form/);
  const written = await cli(["fmt", "--write", path]);
  assert.equal(written.code, 0);
  assert.match(written.stderr, /2 of 2 files changed/);
  assert.equal(await readFile(loose, "utf8"), printed.stdout);
  assert.equal((await cli(["fmt", "--check", path])).code, 0);
  assert.match((await cli(["fmt", "--write", path])).stderr, /0 of 2 files changed/);
  assert.deepEqual(JSON.parse((await cli(["fmt", "--check", path, "--json"])).stdout), { files: 2, changed: [] });

  const broken = await cli(["fmt", "-"], { input: "a: [\n" });
  assert.deepEqual([broken.code, broken.stdout], [3, ""]);
  assert.match(broken.stderr, /<stdin>:\d+:\d+/);
});

test("apply registers once, shows what would change, and is all or nothing", { timeout: 60_000 }, async () => {
  const schema = "input_schema: { type: object, properties: { who: { type: string, required: true } } }";
  const path = await write("applied", {
    "greet.yaml": GREET,
    "contexts/greet.yaml": `apiVersion: magicflow.io/v2\nkind: WorkflowContext\nmetadata: { name: greet-context }\nspec: { ${schema} }\n`,
    "two.yaml": `${workflow("first", "- { name: a, type: wait, duration: 1s }")}---\n${workflow("second", "- { name: a, type: wait, duration: 1s }")}`,
  });
  const planned = await platform.cli(["apply", "-f", path, "--dry-run"]);
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stdout, /^greet 1\.0\.0 new\n--- \/dev\/null\n\+\+\+ greet 1\.0\.0\n/m);
  assert.match(planned.stderr, /3 of 3 workflows would change/);
  await platform.api.refused(404, "WORKFLOW_NOT_FOUND", "GET", "/api/v1/workflows/greet");

  const applied = await platform.cli(["apply", "-f", path]);
  assert.deepEqual([applied.code, applied.stdout], [0, "greet 1.0.0 new\nfirst 1.0.0 new\nsecond 1.0.0 new\n"]);
  const again = await platform.cli(["apply", "-f", path, "--json"]);
  assert.deepEqual(JSON.parse(again.stdout), {
    dry_run: false,
    workflows: ["greet", "first", "second"].map((name) => ({ name, version: "1.0.0", change: "unchanged" })),
  });
  // The context in the other file is part of it.
  const { body } = await platform.api.get<{ input_schema: object }>("/api/v1/workflows/greet/schema");
  assert.deepEqual(body.input_schema, { type: "object", properties: { who: { type: "string" } }, required: ["who"] });

  // Another content under the same version.
  const changed = await platform.cli(["apply", "-f", "-"], { input: GREET.replace("said: $", "told: $") });
  assert.equal(changed.code, 6);
  assert.match(changed.stderr, /VERSION_EXISTS/);
  assert.match(changed.stderr, /1\.0\.1/);

  const next = GREET.replace("1.0.0", "1.1.0").replace("said: $", "told: $");
  const diff = await platform.cli(["apply", "-f", "-", "--dry-run"], { input: next });
  assert.equal(diff.code, 0);
  assert.match(diff.stdout, /^greet 1\.1\.0 new version\n--- greet 1\.0\.0\n\+\+\+ greet 1\.1\.0\n/);
  assert.match(diff.stdout, /^-.*said: \$\.hello\.said/m);
  assert.match(diff.stdout, /^\+.*told: \$\.hello\.said/m);

  const half = await write("half", {
    "a.yaml": workflow("never", "- { name: a, type: wait, duration: 1s }"),
    "b.yaml": LOOSE.replace("method", "methd"),
  });
  const refused = await platform.cli(["apply", "-f", half]);
  assert.deepEqual([refused.code, refused.stdout], [3, ""]);
  assert.match(refused.stderr, /Nothing was registered: 1 error\./);
  await platform.api.refused(404, "WORKFLOW_NOT_FOUND", "GET", "/api/v1/workflows/never");
});

test("run needs no server: it runs one workflow with its functions in this process", { timeout: 90_000 }, async () => {
  const child = workflow(
    "twice",
    `- { name: a, type: transform, mapping: { n: "$.input.n * 2" } }`,
    "output: { n: $.a.n }",
  );
  const parent = workflow(
    "parent",
    "- { name: call, type: workflow, workflow: twice, input: { n: $.input.n } }",
    "output: { got: $.call.n }",
  );
  const path = await write("run", {
    "greet.yaml": GREET,
    "parent.yaml": parent,
    "twice.yaml": child,
    "both.yaml": `${GREET}---\n${child}`,
    "hasty.yaml": workflow("hasty", `- { name: a, type: transform, mapping: { n: "\${1 / 0}" } }`),
    "strict.yaml": workflow(
      "strict",
      "- { name: a, type: wait, duration: 1ms }",
      "input_schema: { type: object, required: [who, when] }",
    ),
    "functions.ts":
      "export const hello = async ({ who }: { who: string }): Promise<object> => ({ said: `Hello, ${who}!` });\n",
    "named.mjs":
      "export const greeter = { hello() { throw Object.assign(new Error('No.'), { code: 'RUDE', retryable: false }); } };\n",
    "lively.ts": "setInterval(() => {}, 1000);\nexport const hello = (): object => ({ said: 'Hello.' });\n",
    "hanging.ts":
      "export const hello = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3_600_000));\n",
    "input.json": `{ "who": "Ada" }`,
  });
  const run = (...args: string[]) => cli(["run", ...args], { cwd: path, env: { MAGICFLOW_URL: "http://127.0.0.1:9" } });

  const [said, failing, without, children, chosen, doubtful, invalid, hasty, module, missing] = await Promise.all([
    run("greet.yaml", "--functions", "functions.ts", "-i", "input.json"),
    run("greet.yaml", "--functions", "./named.mjs", "-i", "@input.json", "--json"),
    run("greet.yaml", "-i", "input.json"),
    run("parent.yaml", "--context", "twice.yaml", "-i", `{"n": 21}`, "-q"),
    run("both.yaml", "--workflow", "twice", "--input", `{"n": 4}`),
    run("both.yaml", "--workflow", "thrice"),
    run("strict.yaml", "-i", "{}"),
    run("hasty.yaml"),
    run("greet.yaml", "--functions", "nowhere.ts"),
    run("nowhere.yaml"),
  ]);
  assert.deepEqual([said.code, JSON.parse(said.stdout)], [0, { said: "Hello, Ada!" }]);
  assert.match(said.stderr, /✓ completed +hello\n/);
  assert.equal(failing.code, 8);
  const { status, error } = JSON.parse(failing.stdout) as { status: string; error: { code: string; message: string } };
  assert.deepEqual([status, error.code, error.message], ["failed", "RUDE", "No."]);
  assert.equal(without.code, 8);
  assert.match(without.stderr, /FUNCTION_UNKNOWN.*--functions.*"hello"/);
  assert.deepEqual([children.code, JSON.parse(children.stdout), children.stderr], [0, { got: 42 }, ""]);
  assert.deepEqual([chosen.code, JSON.parse(chosen.stdout)], [0, { n: 8 }]);
  assert.deepEqual([doubtful.code, invalid.code, module.code, missing.code], [2, 3, 2, 2]);
  assert.match(doubtful.stderr, /greet, twice/);
  assert.match(invalid.stderr, /\/who[\s\S]*\/when/);
  assert.equal(hasty.code, 8);
  assert.match(hasty.stderr, /EXPRESSION_ERROR/);

  // Functions that leave something open do not keep the command, nor do those that never end.
  const lively = await cli(["run", "greet.yaml", "--functions", "lively.ts", "-i", "input.json"], { cwd: path });
  assert.deepEqual([lively.code, JSON.parse(lively.stdout)], [0, { said: "Hello." }]);
  await using hanging = startChild(MAGICFLOW, ["run", "greet.yaml", "--functions", "hanging.ts"], { cwd: path });
  await hanging.until(/scheduled +hello/);
  assert.deepEqual(await hanging.end("SIGINT"), { code: 130, signal: null });

  const [piped, broken] = await Promise.all([
    cli(["run", "-", "-i", `{"n": 1}`], { input: child }),
    cli(["run", "-"], { input: "kind: [" }),
  ]);
  assert.deepEqual([piped.code, JSON.parse(piped.stdout)], [0, { n: 2 }]);
  assert.equal(broken.code, 3);
  assert.match(broken.stderr, /<stdin>:1:\d+/);
});
