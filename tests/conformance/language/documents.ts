/** What documents may hold, and what is found wrong with them. */

import type { Diagnosis } from "./cases.ts";
import { call, context, doc, step } from "./shorthand.ts";

/** Every field of a workflow, with nothing to remark. */
const EVERYTHING = `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: everything
  version: v2.1.0
  description: "${"d".repeat(500)}"
  tags: [${Array.from({ length: 20 }, (_, i) => `${"t".repeat(48)}${i + 10}`).join(", ")}]
  owner: team@company.com
  created_by: visual_designer
  labels: { environment: production, anything: goes }
  annotations: { runbook: "https://x", deep: { x: [1] } }
  version_info: { changelog: first, breaking_changes: false }
  x-mine: 1
spec:
  x-layout: { a: [1, 2] }
  input_schema: { type: object, properties: { items: { type: array } } }
  output_schema: { type: object }
  timeout: 30m
  timeout_action: cancel_and_cleanup
  retry_policy: { max_attempts: 3, backoff: exponential }
  concurrency: { limit: 10, key: $.input.customer_id, on_limit: queue }
  conditions: [ { name: big, expression: input.n > 1, description: many } ]
  includes: [ { workflow: other, version: 1.0.0, alias: helper } ]
  steps:
    - { name: a, executor: me, function: ok, x-note: mine, annotations: { free: 1 }, labels: { zone: eu } }
    - { name: b, type: workflow, workflow: helper }
  output: { x: $.a.x }
  runtime_validation: { input_validation: {}, output_validation: { fail_on_violation: false } }
`;

export const diagnoses: readonly Diagnosis[] = [
  {
    says: "a misspelt function of a step without a type is told",
    yaml: "- { name: a, executor: me, functoin: ok }",
    finds: [["error field-unknown", "functoin", "function"], "error field-missing"],
  },

  ...(
    [
      ["type: webhook, url: https://x.de, event: e", "payload: { x: $.input. }"],
      ["type: database, connection: c, operation: query, sql: select 1", "params: [ $.input. ]"],
      ["type: fail", 'message: "${input.}"'],
      ["type: fail", "details: { x: [ $.input. ] }"],
      ["type: emit, event: e", "data: { x: $.input. }"],
      ["type: set", "variables: { x: $.input. }"],
      ["type: http", "url: $.input."],
      ["type: http, url: https://x.de", "headers: { x: $.input. }"],
      ["type: http, url: https://x.de", "query: { x: $.input. }"],
      ["type: http, url: https://x.de", "body: { x: $.input. }"],
      ["type: http, service: s", 'endpoint: "/${input.}"'],
      ["executor: me, function: ok", "input: [ { x: { y: $.input. } } ]"],
      ["executor: me, function: ok", "output: { x: $.result. }"],
      ["executor: me, function: ok", "default_output: { x: $.input. }"],
    ] as const
  ).map(
    ([type, field]): Diagnosis => ({
      says: `${field} is read`,
      yaml: step(`${type}, ${field}`),
      finds: ["error expression-invalid"],
    }),
  ),
  ...(
    [
      ["type: transform, language: javascript", 'script: "$.input."'],
      ["type: transform, language: jsonata", 'expression: "$.input"'],
      ["executor: me, function: ok", 'description: "$.input."'],
      ["executor: me", 'function: "$.input."'],
      ["executor: me, function: ok", 'annotations: { x: "$.input." }'],
      ["executor: me, function: ok", 'x-mine: "$.input."'],
      ["type: validate", 'schema: { const: "$.input." }'],
    ] as const
  ).map(([type, field]): Diagnosis => ({ says: `${field} is not read`, yaml: step(`${type}, ${field}`), finds: [] })),

  { says: "a document with every field has nothing to remark", yaml: EVERYTHING, finds: [] },
  {
    says: "another kind is an error",
    yaml: doc("name: NAME").replace("Workflow", "Workflw"),
    finds: [["error kind-unknown", "Workflw", "Workflow"]],
  },
  {
    says: "another apiVersion is an error",
    yaml: doc("name: NAME").replace("io/v2", "io/v3"),
    finds: [["error field-choice", "io/v3"]],
  },
  ...["a", "a-b_c9", "9a", "a".repeat(63)].map(
    (name): Diagnosis => ({ says: `a workflow may be called "${name}"`, yaml: doc(`name: "${name}"`), finds: [] }),
  ),
  ...["-a", "a-", "_a", "a_", "A", "a.b", "a b", "ä", "a".repeat(64), ""].map(
    (name): Diagnosis => ({
      says: `a workflow cannot be called "${name}"`,
      yaml: doc(`name: "${name}"`),
      finds: ["error workflow-name-invalid"],
    }),
  ),
  ...["1.0.0", "v0.0.1", "1.2.3-beta.1", "1.2.3+build.5", "1.2.3-dev.4"].map(
    (version): Diagnosis => ({
      says: `${version} is a version`,
      yaml: doc(`name: NAME, version: ${version}`),
      finds: [],
    }),
  ),
  ...['"1.0"', "1", "1.2", "1.2.3.4", "01.2.3", "latest", "vv1.0.0"].map(
    (version): Diagnosis => ({
      says: `${version} is no version`,
      yaml: doc(`name: NAME, version: ${version}`),
      finds: ["error version-invalid"],
    }),
  ),
  {
    says: "a description has up to 500 characters",
    yaml: doc(`name: NAME, description: "${"d".repeat(501)}"`),
    finds: ["error field-length"],
  },
  {
    says: "a workflow has up to 20 tags",
    yaml: doc(`name: NAME, tags: [${Array.from({ length: 21 }, (_, i) => `t${i}`)}]`),
    finds: ["error field-length"],
  },
  {
    says: "a tag has up to 50 characters",
    yaml: doc(`name: NAME, tags: [ ${"t".repeat(51)} ]`),
    finds: ["error field-length"],
  },
  { says: "a workflow has at least one step", yaml: doc("name: NAME", "steps: []"), finds: ["error steps-empty"] },
  {
    says: "a workflow without steps is an error",
    yaml: doc("name: NAME", "timeout: 1s"),
    finds: ["error field-missing"],
  },
  {
    says: "unknown fields are errors with a suggestion",
    yaml: `steps: [ { name: a, executor: me, functoin: ok, function: ok } ]\ntimeuot: 3s`,
    finds: [
      ["error field-unknown", "functoin", "function"],
      ["error field-unknown", "timeuot", "timeout"],
    ],
  },
  {
    says: "an unknown type is an error with a suggestion",
    yaml: step("type: paralel, branches: []"),
    finds: [["error type-unknown", "paralel", "parallel"]],
  },
  {
    says: "an unknown step is an error with a suggestion",
    yaml: `- { name: first, executor: me, function: ok, on_success: secnd }\n- { name: second, executor: me, function: ok, depends_on: [ frist ] }`,
    finds: [
      ["error step-unknown", "secnd", "second"],
      ["error step-unknown", "frist", "first"],
    ],
  },
  {
    says: "a diagnostic has code, place and path, and quotes the text",
    yaml: `steps:\n  - name: a\n    executor: me\n    function: ok\n    timeout: soonish`,
    finds: [["error duration-invalid", '"line":9', '"column":16', '"path":"spec.steps[0].timeout"', "soonish"]],
  },
  {
    says: "at most 60 characters are quoted",
    yaml: call(`timeout: "${"x".repeat(100)}"`),
    finds: [["error duration-invalid", "x".repeat(50), /^(?!.*x{61})/]],
  },
  {
    says: "all problems are told, not only the first",
    yaml: `
      - { name: a, executor: me, function: ok, timeout: bad, unknown: 1, when: "input." }
      - { name: a, type: nothing }
      - { name: c, executor: me, function: ok, on_success: [ d, nowhere ] }
      - { name: d, type: validate, schema: { type: nonsense } }`,
    finds: [
      "error duration-invalid",
      "error field-unknown",
      "error expression-invalid",
      "error name-twice",
      "error type-unknown",
      "error step-unknown",
      "error schema-invalid",
    ],
  },
  {
    says: "step names are unique in the whole workflow",
    yaml: `
      - { name: a, executor: me, function: ok }
      - { name: c, type: condition, condition: input.x, then: [ { name: a, executor: me, function: ok } ] }`,
    finds: [["error name-twice", '"line":7']],
  },
  {
    says: "an edge into another scope is an error",
    yaml: `
      - { name: a, executor: me, function: ok, on_success: [ c, b ] }
      - { name: c, type: condition, condition: input.x, then: [ { name: b, executor: me, function: ok } ] }`,
    finds: ["error step-elsewhere"],
  },
  {
    says: "circles are errors",
    yaml: `
      - { name: a, executor: me, function: ok, on_success: b }
      - { name: b, executor: me, function: ok, on_success: a }`,
    finds: ["error step-cycle"],
  },
  { says: "a circle of dependencies is an error", yaml: call("depends_on: [ a ]"), finds: ["error step-cycle"] },
  {
    says: "a circle through a failure edge is an error",
    yaml: `
      - { name: a, executor: me, function: ok, on_failure: b }
      - { name: c, executor: me, function: ok }
      - { name: b, executor: me, function: ok, on_success: a }`,
    finds: ["error step-cycle"],
  },
  {
    says: "steps that can never be reached get a warning",
    yaml: `
      - { name: a, type: return }
      - { name: b, executor: me, function: ok }`,
    finds: ["warning step-unreachable"],
  },
  {
    says: "a field on the step and under config at once is an error",
    yaml: call("timeout: 3s, config: { timeout: 3s }"),
    finds: ["error field-twice"],
  },
  {
    says: "two spellings at once are an error",
    yaml: call("when: input.x, condition: input.x"),
    finds: ["error field-twice"],
  },
  {
    says: "two retries at once are an error",
    yaml: call("retry: { max_attempts: 2 }, on_error: { retry: { max_attempts: 2 } }"),
    finds: ["error field-twice"],
  },
  {
    says: "service and method belong to function steps only",
    yaml: step("type: set, variables: { x: 1 }, service: me, method: ok"),
    finds: ["error field-unknown", "error field-unknown"],
  },
  {
    says: "a condition step keeps its condition",
    yaml: step("type: condition, when: input.x, condition: input.y, then: [ { name: b, executor: me, function: ok } ]"),
    finds: [],
  },
  ...["90s", "10m", "1h30m", "7d", "250ms", "5", "0.5"].map(
    (duration): Diagnosis => ({ says: `${duration} is a duration`, yaml: call(`timeout: ${duration}`), finds: [] }),
  ),
  ...["10x", "s", "1h 30", '""', "-5s", "m10", "[1]"].map(
    (duration): Diagnosis => ({
      says: `${duration} is no duration`,
      yaml: call(`timeout: ${duration}`),
      finds: ["error duration-invalid"],
    }),
  ),
  {
    says: "schemas themselves are checked",
    yaml: `input_schema: { type: object, properties: { a: { type: strin }, b: { minimum: x }, c: { $ref: "#/definitions/absent" } } }\n${"steps: [ { name: a, executor: me, function: ok } ]"}`,
    finds: ["error schema-invalid", "error schema-invalid", "error schema-invalid"],
  },
  {
    says: "an unknown x-validator is an error",
    yaml: `input_schema: { type: object, properties: { a: { type: string, x-validator: nothing } } }\nsteps: [ { name: a, executor: me, function: ok } ]`,
    finds: ["error schema-invalid"],
  },
  {
    says: "a WorkflowTest is a document too",
    yaml: `${doc("name: NAME")}---\napiVersion: workflow.magic-flow.io/v2\nkind: WorkflowTest\nmetadata: { name: t }\nspec: { workflow: NAME }\n`,
    finds: [],
  },
  {
    says: "a context that belongs to nothing is an error",
    yaml: doc("name: NAME") + context("name: other", "workflow: another, input_schema: { type: object }"),
    finds: ["error context-unowned"],
  },
  {
    says: "two contexts that disagree are an error",
    yaml:
      doc("name: NAME") +
      context("name: NAME", "input_schema: { type: object }") +
      context("name: NAME-context", "input_schema: { type: array }"),
    finds: ["error context-conflict"],
  },
  {
    says: "a context that disagrees with the workflow is an error",
    yaml:
      doc("name: NAME", "input_schema: { type: object }, steps: [ { name: a, executor: me, function: ok } ]") +
      context("name: NAME", "input_schema: { type: array }"),
    finds: ["error context-conflict"],
  },
  {
    says: "of several workflows none is the only one",
    yaml: `${doc("name: one")}---\n${doc("name: two")}${context("name: third", "input_schema: { type: object }")}`,
    finds: ["error context-unowned"],
  },
  // Hostile texts.
  { says: "a __proto__ key is an error", yaml: call("input: { __proto__: { x: 1 } }"), finds: ["error key-dangerous"] },
  {
    says: "an alias bomb is an error",
    yaml: `x-0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `x-${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`).join("\n")}\nsteps: [ { name: a, executor: me, function: ok, input: { x: *a40 } } ]`,
    finds: ["error anchors-too-many"],
  },
  {
    says: "an anchor that contains itself is an error",
    yaml: call("input: &me { x: *me }"),
    finds: ["error anchor-cycle"],
  },
  {
    says: "nesting over 100 is an error",
    yaml: call(`input: { x: ${"[".repeat(101)}${"]".repeat(101)} }`),
    finds: ["error nesting-too-deep"],
  },
  { says: "a key that is there twice is an error", yaml: call("timeout: 3s, timeout: 4s"), finds: ["error key-twice"] },
  {
    says: "what is no YAML is an error with its place",
    yaml: "kind: Workflow\nspec: [1, 2",
    finds: [["error yaml-invalid", /"line":\d/]],
  },
  { says: "a document that is no object is an error", yaml: "[kind]", finds: ["error document-not-object"] },
];
