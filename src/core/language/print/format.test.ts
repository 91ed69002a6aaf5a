import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import * as yaml from "yaml";
import type { Json } from "../../base/json.ts";
import { toJson } from "../parse/node.ts";
import { normalise } from "../parse/normalise.ts";
import { readTrees } from "../parse/read.ts";
import { createReport } from "../report.ts";
import { readRemarks } from "./comments.ts";
import { formatDocument } from "./format.ts";

function formatted(text: string): string {
  const result = formatDocument(text);
  assert.ok("text" in result, JSON.stringify(result));
  return result.text;
}

function meaningOf(text: string): Json {
  const trees = readTrees(null, text, createReport());
  return trees.map(({ node, report }) => (node.kind === "map" ? toJson(normalise(node, report)) : null));
}

/** What every formatted text keeps: its meaning, its comments, and itself when it is formatted again. */
function checkKept(text: string): void {
  const once = formatted(text);
  assert.deepEqual(meaningOf(once), meaningOf(text));
  assert.deepEqual(commentsOf(once).sort(), commentsOf(text).sort());
  assert.equal(formatted(once), once);
}

function commentsOf(text: string): string[] {
  return readRemarks(text).comments.map((comment) => comment.text);
}

const HEAD = "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: orders }\nspec:\n";

/** Formats one step of a workflow and gives back its lines. */
function step(lines: string): string {
  const text = formatted(`${HEAD}  steps:\n${lines.replaceAll(/^(?=.)/gm, "    ")}`);
  assert.ok(text.startsWith(`${HEAD}  steps:\n`), text);
  return text.slice(`${HEAD}  steps:\n`.length).replaceAll(/^ {4}/gm, "");
}

test("fields of a step come in one order, its lists of steps last", () => {
  assert.equal(
    step(`- steps:
    - { variables: { x: 1 }, type: set, name: inner }
  on_failure: tell
  iterate_over: $.input.list
  x-color: red
  retry: { max_attempts: 2 }
  when: input.go
  type: foreach
  name: each
- name: tell
  type: emit
  event: failed
`),
    `- name: each
  type: loop
  when: input.go
  iterate_over: $.input.list
  on_failure: tell
  retry: { max_attempts: 2 }
  steps:
    - { name: inner, type: set, variables: { x: 1 } }
  x-color: red
- name: tell
  type: emit
  event: failed
`,
  );
});

test("every spelling that is accepted is printed in the canonical one", () => {
  assert.equal(
    step(`- name: call
  service: billing
  method: charge
  condition: input.amount > 0
  data_mapping:
    input: { amount: $.input.amount }
    output: { id: $.result.id }
  config:
    timeout: 90
    retry_policy: { max_attempts: 3, backoff_strategy: fixed, backoff_interval: 500ms }
  on_error:
    circuit_breaker: { enabled: true, failure_threshold: 5, timeout: 60s }
    fallback: plan-b
`),
    `- name: call
  type: function
  when: input.amount > 0
  executor: billing
  function: charge
  input: { amount: $.input.amount }
  output: { id: $.result.id }
  timeout: 1m30s
  retry: { max_attempts: 3, backoff: fixed, initial_delay: 500ms }
  circuit_breaker: { failure_threshold: 5, recovery_timeout: 1m }
  fallback_step: plan-b
`,
  );
});

test("comments stay beside fields that are renamed and moved", () => {
  assert.equal(
    step(`# calls the shop
- type: service_call # by HTTP
  # its name
  name: call
  config: # where it goes
    # the service
    service: shop
    endpoint: /orders # the path
    # foot of config
  # only if there is something
  condition: input.count > 0 # at least one
  # foot of the step
`),
    `# calls the shop
# its name
- name: call
  type: http # by HTTP
  # only if there is something
  when: input.count > 0 # at least one
  # foot of the step
  # where it goes
  # the service
  service: shop
  endpoint: /orders # the path
  # foot of config
`,
  );
});

test("the comments of a field that is gone go to what came out of it", () => {
  assert.equal(
    step(`- name: a
  type: set
  variables: { x: 1 }
  on_error: # when it fails
    # say nothing
    action: continue # really
    # with this
    default_output: { x: 0 } # nothing
`),
    `- name: a
  type: set
  variables: { x: 1 }
  # when it fails
  # say nothing
  # really
  # with this
  default_output: { x: 0 } # nothing
`,
  );
});

test("scripts keep their lines, their blanks and their style", () => {
  const text = `- name: a
  type: transform
  script: |- # the code
    function transform(input) {
      // # no comment

      return input;   ${""}
    }
  description: >
    Folded where
    it was folded.

    A second paragraph.
- name: b
  type: transform
  script: |+
      indented by six

  output: { a: 1 }
`;
  assert.equal(
    step(text),
    `- name: a
  type: transform
  description: >
    Folded where
    it was folded.

    A second paragraph.
  script: |- # the code
    function transform(input) {
      // # no comment

      return input;   ${""}
    }
- name: b
  type: transform
  script: |+
    indented by six

  output: { a: 1 }
`,
  );
  checkKept(`${HEAD}  steps:\n${text.replaceAll(/^(?=.)/gm, "  ")}`);
});

test("blank lines between steps stay, one at a time", () => {
  assert.equal(
    step(`- { name: a, type: wait, duration: 5s }


# about b
- { name: b, type: wait, duration: 5s }
- name: c

  type: wait
  duration: 5s
`),
    `- { name: a, type: wait, duration: 5s }

# about b
- { name: b, type: wait, duration: 5s }
- name: c

  type: wait
  duration: 5s
`,
  );
});

test("braces that hold comments or do not fit become lines", () => {
  assert.equal(
    step(`- name: a
  type: set
  variables: {
    x: 1, # one
    y: [1, 2] # two
  }
- { name: b, type: set, variables: { a-rather-long-name: "some text", another-long-name: "more text", third: "and more" } }
`),
    `- name: a
  type: set
  variables:
    x: 1 # one
    y: [1, 2] # two
- name: b
  type: set
  variables: { a-rather-long-name: "some text", another-long-name: "more text", third: "and more" }
`,
  );
});

test("anchors, aliases and merge keys are written out", () => {
  const text = `${HEAD}  x-shared: &twice # twice is enough
    max_attempts: 2 # first and second
  steps:
    - { name: a, type: http, url: https://example.com, retry: *twice }
    - name: b
      type: http
      url: https://example.com
      retry:
        <<: *twice # as above
        backoff: fixed
`;
  assert.equal(
    formatted(text),
    `${HEAD}  steps:
    - name: a
      type: http
      url: https://example.com
      retry:
        max_attempts: 2 # first and second
    - name: b
      type: http
      url: https://example.com
      retry: # as above
        max_attempts: 2
        backoff: fixed
  x-shared: # twice is enough
    max_attempts: 2
`,
  );
  checkKept(text);
});

test("a header stays at the top and a footer at the bottom, whatever moves", () => {
  assert.equal(
    formatted(`# Licence

# about this file

kind: Workflow
apiVersion: magicflow.io/v2
spec: { steps: [{ name: a, type: wait, duration: 5s }] }
metadata: { name: orders }

# end of file
`),
    `# Licence

# about this file

apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: orders }
spec: { steps: [{ name: a, type: wait, duration: 5s }] }

# end of file
`,
  );
});

test("each document of a text keeps its own comments", () => {
  const text = `# first
kind: Workflow
# foot of the first
---
# second
kind: WorkflowContext # a context
spec: { workflow: orders }
`;
  assert.equal(formatted(text), text);
});

test("JSON is printed as YAML", () => {
  assert.equal(
    formatted(
      '{\n  "kind": "Workflow",\n  "metadata": {"name": "orders"},\n  "spec": {\n    "timeout": 60,\n    "steps": []\n  }\n}\n',
    ),
    '"kind": "Workflow"\n"metadata": { "name": "orders" }\n"spec":\n  "timeout": 1m\n  "steps": []\n',
  );
});

test("texts that look like something else stay texts", () => {
  const values = [
    "'true'",
    '"1.0"',
    "'~'",
    '"a: b"',
    "'# no comment'",
    '"two\\nlines"',
    "''",
    "- x: 'null'",
    "[1, '2', \"{\"]",
    "0x1F",
    "1e3",
    "a, b",
    "!!str 5",
  ];
  for (const value of values) {
    const text = `${HEAD}  steps:\n    - name: a\n      type: set\n      variables:\n        v: ${value.startsWith("-") ? `\n          ${value}` : value} # kept\n`;
    checkKept(text);
  }
});

test("a text over several lines stays one text", () => {
  checkKept(`${HEAD}  steps:
    - description: plain text
        that goes on

        and on
      name: a # here
      type: set
      variables:
        quoted: "several
          lines \\
          long" # after
        single: 'it''s
          so'
        list:
          - plain
            item
`);
});

test("what cannot be read is not formatted but explained", () => {
  for (const text of ["a: [1", "- a list", `${HEAD}  steps: [{ name: a, timeout: 1, config: { timeout: 2 } }]`]) {
    const result = formatDocument(text);
    assert.ok("diagnostics" in result, text);
    assert.ok(result.diagnostics.length > 0);
  }
});

test("a text without a document is left alone", () => {
  assert.equal(formatted("# nothing yet\n"), "# nothing yet\n");
});

const EVERYTHING = `# Everything that can be spelled in two ways.
kind: Workflow
apiVersion: magicflow.io/v2
metadata:
  version: v1.2.3
  name: everything
  labels: {team: a, "on": yes}
  annotations:
    "a key": 1
spec:
  includes:
    - alias: notify
      workflow: send-message
  retry: {max_attempts: 2, initial_backoff: 1}
  timeout: 3600
  conditions:
    - condition: input.total > 100
      name: large
  input_schema:
    type: object
    properties:
      email: {type: string, required: true}
  steps:
    - type: service_call
      name: fetch
      config:
        service: shop
        endpoint: "/orders/\${input.id}"
        timeout: 1500ms
      data_mapping:
        output:
          total: $.response.total
        input:
          id: $.input.id
      on_error:
        action: retry
        max_attempts: 4
        backoff_strategy: linear
    - name: check
      type: condition
      condition: conditions.large
      else: { name: small, type: set, variables: { size: small } }
      then:
        - type: script
          name: shape
          language: javascript
          script: |
            function transform(input) {
              return input; // # not a comment
            }
          on_error:
            custom_handler:
              condition: error.code == 'SCRIPT_ERROR'
              action: { type: emit, event: broken }
    - branches:
        - name: left
          type: wait
          duration: 5s
        - steps:
            - { type: fail, name: stop, code: STOP }
          name: right
      type: parallel
      name: both
      join: any
    - name: each
      type: map
      iterate_over: $.input.items
      batch_size: 10
      steps:
        - name: tell
          type: notify
          input: {to: $.item}
          on_error:
            compensation:
              - name: undo
                type: set
                variables: {undone: true}
    - name: careful
      type: try
      catch:
        steps:
          - {name: calm, type: set, variables: {x: 1}}
        codes: OUCH
      finally:
        - {name: tidy, type: set, variables: {x: 2}}
      steps:
        - name: risky
          executor: billing
          function: charge
          compensate: {executor: billing, function: refund}
          on_error: {fallback: {condition: error.code == 'TIMEOUT', steps: [{name: plan-b, type: set, variables: {y: 1}}]}}
  error_handling:
    - condition: error.code == 'STOP'
      action:
        type: compensate
        steps:
          - name: clean-up
            type: emit
            event: cleaned
          - calm
  output:
    text: >-
      folded
      text
    list:
    - a
    - b: 1
      c: 2
`;

test("every spelling in one text is formatted without loss", () => {
  checkKept(EVERYTHING);
});

test("comments and blank lines survive wherever they stand", () => {
  const lines = EVERYTHING.split("\n");
  const remark = fc.record({
    line: fc.nat(lines.length - 1),
    column: fc.nat(14),
    kind: fc.constantFrom("own", "trailing", "blank"),
  });
  fc.assert(
    fc.property(fc.array(remark, { maxLength: 12 }), (remarks) => {
      const text = withRemarks(lines, remarks);
      // In the middle of a script a comment is code; what changes the meaning is no comment.
      fc.pre(JSON.stringify(meaningOf(text)) === JSON.stringify(meaningOf(EVERYTHING)));
      checkKept(text);
    }),
    { numRuns: 40 },
  );
});

interface Remark {
  readonly line: number;
  readonly column: number;
  readonly kind: string;
}

function withRemarks(lines: readonly string[], remarks: readonly Remark[]): string {
  return lines
    .flatMap((line, index) => {
      let own = line;
      const above: string[] = [];
      for (const [number, remark] of remarks.entries()) {
        if (remark.line !== index) continue;
        if (remark.kind === "own") above.push(`${" ".repeat(remark.column)}# remark ${number}`);
        else if (remark.kind === "blank") above.push("");
        else own += ` # remark ${number}`;
      }
      return [...above, own];
    })
    .join("\n");
}

/** What YAML could take for something else. */
const AWKWARD = [
  "true",
  "~",
  "1.0",
  "- a",
  "a: b",
  "# c",
  "a # b",
  "[x]",
  "| x",
  "two\nlines",
  "\nlead",
  "  in\nout\n",
  "end\n\n",
  "<<",
  "",
];

test("values mean the same in whatever style they were written", () => {
  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(...AWKWARD));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        text.filter((key) => /^[^\n]+$/.test(key) && key !== "__proto__"),
        tie("value"),
        { maxKeys: 3 },
      ),
    ),
  }));
  const style = fc.record({
    collectionStyle: fc.constantFrom("any" as const, "block" as const, "flow" as const),
    defaultStringType: fc.constantFrom(
      "PLAIN" as const,
      "QUOTE_SINGLE" as const,
      "QUOTE_DOUBLE" as const,
      "BLOCK_FOLDED" as const,
    ),
    lineWidth: fc.constantFrom(0, 20, 80),
    indentSeq: fc.boolean(),
  });
  fc.assert(
    fc.property(value, style, (variable, options) => {
      const document = { kind: "Workflow", spec: { steps: [{ variables: { variable }, type: "set", name: "a" }] } };
      const written = yaml.stringify(document, options);
      if ("text" in formatDocument(written)) checkKept(written);
    }),
    { numRuns: 100 },
  );
});

test("every text of the repository is formatted without loss", () => {
  const root = join(import.meta.dirname, "../../../..");
  for (const file of globSync(["src/core/language/samples/**/*.{yaml,yml,json}", "examples/**/*.{yaml,yml}"], {
    cwd: root,
  })) {
    const text = readFileSync(join(root, file), "utf8");
    if ("text" in formatDocument(text)) checkKept(text);
  }
});
