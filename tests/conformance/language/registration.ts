/** What becomes of a text: versions, schemas, contexts, and texts that mean harm. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { isObject, type Json } from "../../../src/core/base/json.ts";
import { documentOf, type Other, type Run, register } from "./cases.ts";
import { fails, gives } from "./executor.ts";
import type { Answer } from "./platform.ts";
import { context, doc } from "./shorthand.ts";

const START = "steps: [ { name: a, executor: me, function: ok } ]";

const MAGICFLOW = join(import.meta.dirname, "..", "..", "..", "magicflow");

function magicflow(...args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(MAGICFLOW, args, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, text: stdout + stderr });
    });
  });
}

/** Starts and gives the answer, whatever it is. */
async function start(world: Parameters<Other["holds"]>[0], name: string, input: Json): Promise<Answer> {
  return await world.platform.request("POST", `/workflows/${name}/execute?wait=10s`, { input });
}

export const runs: readonly Run[] = [
  {
    says: "defaults of the schema are filled in, at any depth",
    yaml: `
      input_schema:
        type: object
        properties:
          currency: { type: string, default: EUR }
          prefs: { type: object, default: {}, properties: { mail: { type: boolean, default: true } } }
          list: { type: array, items: { type: object, properties: { n: { default: 1 } } } }
      steps: [ { name: a, executor: me, function: echo } ]`,
    input: { list: [{}, { n: 2 }] },
    outputs: { a: { currency: "EUR", prefs: { mail: true }, list: [{ n: 1 }, { n: 2 }] } },
  },
  {
    says: "an output that breaks its schema is a warning",
    yaml: `
      output_schema: { type: object, properties: { n: { type: string } } }
      steps: [ { name: a, executor: me, function: give } ]
      output: { n: $.a.n }`,
    answers: { give: gives({ n: 1 }) },
    output: { n: 1 },
    check: (_, view) => assert.equal(view.warnings.length, 1),
  },
  {
    says: "an output that breaks its schema fails the execution where fail_on_violation says so",
    yaml: `
      output_schema: { type: object, properties: { n: { type: string } } }
      runtime_validation: { output_validation: { fail_on_violation: true } }
      steps: [ { name: a, executor: me, function: give } ]
      output: { n: $.a.n }`,
    answers: { give: gives({ n: 1 }) },
    status: "failed",
    error: "VALIDATION_FAILED",
  },
  {
    says: "an execution keeps the version that it began with",
    yaml: `
      - { name: a, executor: me, function: hold }
      - { name: b, executor: me, function: echo, input: { v: 1 } }`,
    drive: async (going) => {
      await going.task("a");
      await register(
        going.world,
        going.name,
        `- { name: a, executor: me, function: ok }\n- { name: b, executor: me, function: echo, input: { v: 2 } }`,
        "the second version",
      );
      await going.complete("a");
    },
    outputs: { b: { v: 1 } },
    check: (_, view) => assert.equal(view.version, "1.0.0"),
  },
  {
    says: "archiving stops starts and lets running ones go on",
    yaml: `- { name: a, executor: me, function: hold }`,
    drive: async (going) => {
      await going.task("a");
      const { status } = await going.world.platform.request("DELETE", `/workflows/${going.name}`);
      assert.ok(status < 300);
      const refused = await start(going.world, going.name, {});
      assert.ok(refused.status >= 400 && refused.status < 500, JSON.stringify(refused));
      await going.complete("a");
    },
  },
  {
    says: "conditions of a retry may be codes and conditions over the error",
    yaml: `
      - { name: a, executor: me, function: f, retry: { max_attempts: 5, initial_delay: 1ms, conditions: [ E1, HTTP_5xx, "error.details.again == true" ] } }`,
    answers: { f: [fails("E1"), fails("HTTP_503"), fails("OTHER", { details: { again: true } }), fails("OTHER")] },
    status: "failed",
    error: "OTHER",
    calls: "a a a a",
  },
  {
    says: "on_error continue gives an empty output",
    yaml: `- { name: a, executor: me, function: fail_E, on_error: { action: continue } }`,
    steps: "a completed fallback",
    outputs: { a: {} },
  },
  {
    says: "on_error fail gives the message",
    yaml: `- { name: a, executor: me, function: fail_E, on_error: { action: fail, message: "It was \${error.code} for \${input.who}." } }`,
    input: { who: "Ada" },
    status: "failed",
    error: { code: "E", message: "It was E for Ada." },
  },
];

export const others: readonly Other[] = [
  {
    says: "fmt prints the canonical form and keeps comments",
    async holds() {
      const written = `
# about it
apiVersion: magicflow.io/v2
kind: Workflow
metadata: { name: al, version: v1.0.0 } # who
spec:
  steps:
    # the first
    - name: a # its name
      service: me
      method: ok
      condition: input.x
      retry_config: { max_attempts: 3, backoff_strategy: fixed, initial_backoff: 5 }
      data_mapping:
        input: { x: $.input.x } # in
    - name: b
      type: foreach
      config:
        times: 2 # twice
      steps: [ { name: c, type: script, config: { script: "function transform() {}" } } ]
    # the end
`;
      using folder = mkdtempDisposableSync(join(tmpdir(), "magicflow-fmt-"));
      const file = join(folder.path, "al.yaml");
      writeFileSync(file, written);
      const once = await magicflow("fmt", file);
      assert.equal(once.code, 0, once.text);
      for (const comment of ["# about it", "# who", "# the first", "# its name", "# in", "# twice", "# the end"]) {
        assert.ok(once.text.includes(comment), `${comment} in:\n${once.text}`);
      }
      for (const canonical of [
        "workflow.magic-flow.io/v2",
        "version: 1.0.0",
        "executor: me",
        "function: ok",
        "when: input.x",
        "retry:",
        "backoff: fixed",
        "initial_delay: 5s",
        "type: loop",
        "type: transform",
      ]) {
        assert.ok(once.text.includes(canonical), `${canonical} in:\n${once.text}`);
      }
      assert.doesNotMatch(
        once.text,
        /service:|method:|condition:|retry_config|data_mapping|config:|foreach|type: script/,
      );
      writeFileSync(file, once.text);
      assert.equal((await magicflow("fmt", file)).text, once.text, "The canonical form stays as it is.");
      const wrong = await magicflow("validate", file, file.replace("al.yaml", "none.yaml"));
      assert.notEqual(wrong.code, 0);
      writeFileSync(file, written.replace("times: 2", "times: 2x"));
      const found = await magicflow("validate", file);
      assert.notEqual(found.code, 0);
      assert.match(found.text, new RegExp(`${file}:\\d+:\\d+`));
    },
  },
  {
    says: "an alias of an included workflow names it, at its version",
    async holds(world, name) {
      const helper = `${name}-helper`;
      for (const v of [1, 2]) {
        await register(
          world,
          helper,
          doc(
            `name: ${helper}, version: ${v}.0.0`,
            `steps: [ { name: s, type: set, variables: { v: ${v} } } ], output: { v: $.context.v }`,
          ),
          "the helper",
        );
      }
      await register(
        world,
        name,
        `
        includes: [ { workflow: ${helper}, version: 1.0.0, alias: old } ]
        steps: [ { name: a, type: workflow, workflow: old }, { name: b, type: workflow, workflow: ${helper} }, { name: c, type: old } ]
        output: { a: $.a.v, b: $.b.v, c: $.c.v }`,
        "the workflow",
      );
      assert.deepEqual((await start(world, name, {})).body["output"], { a: 1, b: 2, c: 1 });
    },
  },
  {
    says: "an input that breaks its schema is a 422 with every failing path",
    async holds(world, name) {
      await register(
        world,
        name,
        `
        input_schema:
          type: object
          required: [ a ]
          properties: { a: { type: string }, b: { type: object, properties: { c: { type: integer, minimum: 3 }, d: { type: string, format: email } } }, e: { type: string, required: true } }
        ${START}`,
        "the workflow",
      );
      const { status, body } = await start(world, name, { b: { c: 1, d: "no mail" } });
      assert.equal(status, 422);
      assert.equal(body["code"], "VALIDATION_FAILED");
      const paths = JSON.stringify(body["errors"]);
      for (const path of ["a", "b/c", "b/d", "e"]) assert.match(paths, new RegExp(`/${path}"`), paths);
      assert.equal((await start(world, name, { a: "", b: { c: 3, d: "a@b.de" }, e: "" })).status, 200);
    },
  },
  {
    says: "definitions and references work, and formats are asserted",
    async holds(world, name) {
      await register(
        world,
        name,
        `
        input_schema:
          type: object
          definitions: { Money: { type: object, required: [amount], properties: { amount: { type: number } } } }
          properties:
            total: { $ref: "#/definitions/Money" }
            id: { type: string, format: uuid }
            at: { type: string, format: date-time }
            day: { type: string, format: date }
            link: { type: string, format: uri }
            ip: { type: string, format: ipv4 }
        ${START}`,
        "the workflow",
      );
      const good = {
        total: { amount: 1 },
        id: "0a1b2c3d-0000-4000-8000-000000000000",
        at: "2026-01-01T00:00:00Z",
        day: "2026-01-01",
        link: "https://x.de/",
        ip: "10.0.0.1",
      };
      assert.equal((await start(world, name, good)).status, 200);
      const bad: JsonObject = { total: {}, id: "x", at: "today", day: "2026-02-30", link: "no link", ip: "10.0.0.256" };
      for (const [field, value] of Object.entries(bad)) {
        assert.equal((await start(world, name, { ...good, [field]: value })).status, 422, field);
      }
    },
  },
  {
    says: "x-validator names a built-in validator",
    async holds(world, name) {
      await register(
        world,
        name,
        `
        input_schema: { type: object, properties: { card: { type: string, x-validator: luhn_checksum }, phone: { type: string, x-validator: e164_phone }, mail: { type: string, x-validator: email_domain } } }
        ${START}`,
        "the workflow",
      );
      const good = { card: "4111111111111111", phone: "+4930123456", mail: "a@b.de" };
      const { status, body } = await start(world, name, good);
      assert.equal(status, 200, JSON.stringify(body));
      for (const bad of [{ card: "4111111111111112" }, { phone: "030 123" }]) {
        assert.equal((await start(world, name, { ...good, ...bad })).status, 422, JSON.stringify(bad));
      }
    },
  },
  ...(
    [
      ["named in its spec", "NAME", "name: anything", "workflow: NAME, "],
      ["of its own name", "NAME", "name: NAME", ""],
      ["of its name without -context", "NAME", "name: NAME-context", ""],
      ["that is the only one of the request", "NAME", "name: anything", ""],
    ] as const
  ).map(
    ([how, workflow, metadata, spec]): Other => ({
      says: `a context belongs to the workflow ${how}`,
      async holds(world, name) {
        const text =
          doc(`name: ${workflow}`) + context(metadata, `${spec}input_schema: { type: object, required: [x] }`);
        await register(world, name, text, "workflow and context");
        assert.equal((await start(world, name, {})).status, 422);
        assert.equal((await start(world, name, { x: 1 })).status, 200);
      },
    }),
  ),
  {
    says: "a name and version is immutable, and a version that is left out is the next patch",
    async holds(world, name) {
      const text = (version: string, x: number): string =>
        doc(`name: ${name}${version}`, `steps: [ { name: a, executor: me, function: ok, input: { x: ${x} } } ]`);
      const steps: readonly (readonly [string, number, number, string | null])[] = [
        ["", 1, 201, "1.0.0"],
        ["", 1, 200, "1.0.0"],
        ["", 2, 201, "1.0.1"],
        [", version: 1.0.0", 1, 200, "1.0.0"],
        [", version: 1.0.0", 2, 409, null],
        [", version: 2.0.0", 1, 201, "2.0.0"],
        ["", 1, 200, "2.0.0"],
        ["", 3, 201, "2.0.1"],
        ["", 2, 201, "2.0.2"],
        [", version: v2.0.1", 3, 200, "2.0.1"],
      ];
      for (const [version, x, status, expected] of steps) {
        const { status: got, body } = await world.platform.send("POST", "/workflows", text(version, x));
        assert.equal(got, status, JSON.stringify(body));
        if (expected !== null) assert.equal(body["version"], expected);
        if (status !== 409) continue;
        assert.equal(body["code"], "VERSION_EXISTS");
        assert.match(JSON.stringify(body), /1\.0\.2/, "The next free version is named.");
      }
    },
  },
  {
    says: "PUT registers a new version, and registering makes it the active one",
    async holds(world, name) {
      await register(world, name, doc(`name: ${name}`), "the first");
      const { status, body } = await world.platform.send(
        "PUT",
        `/workflows/${name}`,
        doc(`name: ${name}`, "steps: [ { name: b, executor: me, function: ok } ]"),
      );
      assert.equal(status, 201, JSON.stringify(body));
      assert.equal(body["version"], "1.0.1");
      assert.equal((await start(world, name, {})).body["version"], "1.0.1");
    },
  },
  {
    says: "comments, order and layout of a text change nothing",
    async holds(world, name) {
      await register(world, name, doc(`name: ${name}`), "the first");
      const text = `# a comment\n${doc(`name: ${name}`)}\n\n# the end\n`;
      assert.equal((await world.platform.send("POST", "/workflows", text)).status, 200);
    },
  },
  {
    says: "a text of a workflow may come as yaml_content too",
    async holds(world, name) {
      const { status, body } = await world.platform.request("POST", "/workflows", {
        yaml_content: doc(`name: ${name}`),
      });
      assert.equal(status, 201, JSON.stringify(body));
      for (const key of ["id", "name", "version", "status", "validation_status", "diagnostics", "endpoints"])
        assert.ok(key in body, key);
    },
  },
  {
    says: "hostile texts are refused at once",
    async holds(world, name) {
      const texts: readonly string[] = [
        documentOf(
          world,
          name,
          `- { name: a, executor: me, function: ok, input: { x: "${"x".repeat(1024 * 1024)}" } }`,
        ),
        `a: ${"[".repeat(50_000)}`,
        `${"- ".repeat(20_000)}x`,
        `${"? ".repeat(10_000)}x`,
        `a: ${"{a: ".repeat(5_000)}`,
        `kind: &a [${"*a,".repeat(1000)}]`,
        `${Array.from({ length: 5000 }, (_, i) => `---\nkind: Workflow\nmetadata: { name: a${i} }`).join("\n")}`,
        `a: !!js/function "function () {}"`,
        `<<: &x { <<: *x }`,
        "\u0000\u0001",
        documentOf(
          world,
          name,
          Array.from(
            { length: 1_500 },
            (_, i) =>
              `- { name: step-${"x".repeat(50)}-${i}, type: wait, duration: 1, on_success: stop-${"x".repeat(50)}-${i} }`,
          ).join("\n"),
        ),
        '{"kind": "Workflow", "constructor": {"prototype": {}}, "__proto__": {}}',
      ];
      for (const text of texts) {
        const began = performance.now();
        const { status, body } = await world.platform.send("POST", "/workflows/validate", text);
        const found = (body["diagnostics"] ?? body["errors"] ?? []) as readonly Json[];
        const refused =
          status >= 400 ||
          (body["valid"] === false && found.some((one) => isObject(one) && one["severity"] === "error"));
        assert.ok(refused, `${text.slice(0, 40)}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
        assert.ok(performance.now() - began < 10_000, `${text.slice(0, 40)} took ${performance.now() - began} ms.`);
        assert.ok(found.length <= 1_000, "The answer is bounded.");
      }
    },
  },
];
