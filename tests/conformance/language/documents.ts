/** Documents: what they may hold, their other spellings, their versions, and what is found wrong with them. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";
import type { Diagnosis, Other, Run, Spellings } from "./cases.ts";
import { documentOf, register } from "./cases.ts";
import { fails, gives } from "./executor.ts";
import type { Answer } from "./platform.ts";

const call = (fields: string): string => `- { name: a, executor: me, function: ok, ${fields} }`;
const step = (fields: string): string => `- { name: a, ${fields} }`;
const doc = (metadata: string, spec = "steps: [ { name: a, executor: me, function: ok } ]"): string =>
  `apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { ${metadata} }\nspec: { ${spec} }\n`;
const context = (metadata: string, spec: string): string =>
  `---\napiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\nmetadata: { ${metadata} }\nspec: { ${spec} }\n`;

export const spellings: readonly Spellings[] = [
  {
    says: "the fields of an http step may stand under config",
    canonical: step(
      "type: http, url: https://x.de/y, method: PUT, headers: { a: b }, query: { q: 1 }, body: { c: $.input.c }, expect_status: 201, idempotency_key: k",
    ),
    also: [
      step(
        "type: http, config: { url: https://x.de/y, method: PUT, headers: { a: b }, query: { q: 1 }, body: { c: $.input.c }, expect_status: 201, idempotency_key: k }",
      ),
    ],
  },
  {
    says: "several forms of one step may stand together in on_error",
    canonical:
      call(
        "retry: { max_attempts: 2 }, fallback_step: b, circuit_breaker: { failure_threshold: 5 }, failure_message: Sorry",
      ) + "\n- { name: b, executor: me, function: ok }",
    also: [
      call(
        "on_error: { action: fail, message: Sorry, retry: { max_attempts: 2 }, fallback: b, circuit_breaker: { failure_threshold: 5 } }",
      ) + "\n- { name: b, executor: me, function: ok }",
    ],
  },
  {
    says: "spellings are read at any depth",
    canonical: `- { name: t, type: try, steps: [ { name: l, type: loop, times: 2, steps: [ { name: a, executor: me, function: ok, when: input.x, retry: { max_attempts: 2 } } ] } ], catch: [ { when: error.code == 'E', steps: [ { name: h, type: http, url: https://x.de } ] } ], finally: [ { name: f, type: transform, script: "function transform() {}" } ] }`,
    also: [
      `- { name: t, type: try, steps: [ { name: l, type: foreach, times: 2, steps: [ { name: a, service: me, method: ok, condition: input.x, retry_config: { max_attempts: 2 } } ] } ], catch: [ { condition: error.code == 'E', steps: [ { name: h, type: service_call, config: { url: https://x.de } } ] } ], finally: [ { name: f, type: script, config: { script: "function transform() {}" } } ] }`,
    ],
  },

  {
    says: "both names of the language are the same, and JSON is YAML",
    canonical: doc("name: NAME"),
    also: [
      doc("name: NAME").replace("workflow.magic-flow.io", "magicflow.io"),
      JSON.stringify({
        apiVersion: "workflow.magic-flow.io/v2",
        kind: "Workflow",
        metadata: { name: "NAME" },
        spec: { steps: [{ name: "a", type: "function", executor: "me", function: "ok" }] },
      }),
      doc("name: NAME", 'steps: [{"name": a, type: function, "function": "ok", executor: \'me\'}]'),
    ],
  },
  {
    says: "a version may have a leading v",
    canonical: doc("name: NAME, version: 2.1.0"),
    also: [doc("name: NAME, version: v2.1.0")],
  },
  { says: "when is condition too", canonical: call("when: input.x"), also: [call("condition: input.x")] },
  {
    says: "retry has many names",
    canonical: call("retry: { max_attempts: 4, initial_delay: 2s }"),
    also: [
      call("retry_config: { max_attempts: 4, initial_delay: 2s }"),
      call("retry_policy: { max_attempts: 4, initial_delay: 2s }"),
      call("on_error: { retry: { max_attempts: 4, initial_delay: 2s } }"),
      call("on_error: { action: retry, max_attempts: 4, initial_delay: 2s }"),
      call("config: { retry_policy: { max_attempts: 4, initial_delay: 2s } }"),
      call("config: { retry: { max_attempts: 4, initial_delay: 2s } }"),
      call("config: { retry_config: { max_attempts: 4, initial_delay: 2s } }"),
    ],
  },
  {
    says: "the fields of a retry have other names",
    canonical: call(
      "retry: { max_attempts: 4, backoff: linear, initial_delay: 2s, max_delay: 9s, multiplier: 3, retry_on: [E1] }",
    ),
    also: [
      call(
        "retry: { max_attempts: 4, backoff_strategy: linear, initial_backoff: 2s, max_backoff: 9s, backoff_multiplier: 3, conditions: [E1] }",
      ),
      call(
        "retry: { max_attempts: 4, backoff: linear, backoff_interval: 2s, max_delay: 9s, multiplier: 3, retry_on: [E1] }",
      ),
      call(
        "on_error: { action: retry, max_attempts: 4, backoff_strategy: linear, backoff_interval: 2, max_backoff: 9, backoff_multiplier: 3, conditions: [E1] }",
      ),
    ],
  },
  {
    says: "the other names hold in the policy of the workflow",
    canonical:
      "retry_policy: { max_attempts: 4, backoff: fixed, initial_delay: 2s }\nsteps: [ { name: a, executor: me, function: ok } ]",
    also: [
      "retry_policy: { max_attempts: 4, backoff_strategy: fixed, initial_backoff: 2s }\nsteps: [ { name: a, executor: me, function: ok } ]",
    ],
  },
  {
    says: "input and output may stand in data_mapping",
    canonical: call("input: { x: $.input.x }, output: { y: $.result.y }"),
    also: [
      call("data_mapping: { input: { x: $.input.x }, output: { y: $.result.y } }"),
      call("input: { x: $.input.x }, data_mapping: { output: { y: $.result.y } }"),
      call("config: { input: { x: $.input.x }, output: { y: $.result.y } }"),
    ],
  },
  {
    says: "fallback_step is on_error.fallback too",
    canonical: `${call("fallback_step: b")}\n- { name: b, executor: me, function: ok }`,
    also: [
      `${call("on_error: { fallback: b }")}\n- { name: b, executor: me, function: ok }`,
      `${call("config: { fallback_step: b }")}\n- { name: b, executor: me, function: ok }`,
    ],
  },
  {
    says: "a circuit breaker may stand in on_error",
    canonical: call(
      "circuit_breaker: { failure_threshold: 5, recovery_timeout: 60s, half_open_max_calls: 3, failure_rate_threshold: 0.5 }",
    ),
    also: [
      call(
        "on_error: { circuit_breaker: { enabled: true, failure_threshold: 5, timeout: 1m, half_open_max_calls: 3, failure_rate_threshold: 0.5 } }",
      ),
      call(
        "on_error: { circuit_breaker: { failure_threshold: 5, recovery_timeout: 1m, half_open_max_calls: 3, failure_rate_threshold: 0.5 } }",
      ),
    ],
  },
  {
    says: "default_output is on_error with the action continue, and {} where none is given",
    canonical: call("default_output: { x: 1 }"),
    also: [call("on_error: { action: continue, default_output: { x: 1 } }")],
  },
  {
    says: "to continue without a default output gives an empty one",
    canonical: call("default_output: {}"),
    also: [call("on_error: { action: continue }")],
  },
  {
    says: "failure_message is on_error with the action fail",
    canonical: call("failure_message: 'It was ${error.code}.'"),
    also: [call("on_error: { action: fail, message: 'It was ${error.code}.' }")],
  },
  {
    says: "an inline path is on_error.compensation too",
    canonical: call("on_failure: { steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [call("on_error: { compensation: [ { name: b, executor: me, function: ok } ] }")],
  },
  {
    says: "an inline path is a custom handler too",
    canonical: call("on_failure: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [
      call(
        "on_error: { custom_handler: { condition: error.code == 'E', action: { name: b, executor: me, function: ok } } }",
      ),
      call(
        "on_error: { custom_handler: { condition: error.code == 'E', action: [ { name: b, executor: me, function: ok } ] } }",
      ),
    ],
  },
  {
    says: "a fallback of steps may stand in on_error",
    canonical: call("fallback: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [
      call(
        "on_error: { fallback: { condition: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] } }",
      ),
      call("config: { fallback: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] } }"),
    ],
  },
  {
    says: "any field of a step may stand under config",
    canonical: call(
      "timeout: 5s, when: input.x, input: { y: 1 }, queue_timeout: 9s, on_failure: { steps: [ { name: b, type: set, variables: { z: 1 } } ] }",
    ),
    also: [
      call(
        "config: { timeout: 5s, when: input.x, input: { y: 1 }, queue_timeout: 9s, on_failure: { steps: [ { name: b, type: set, config: { variables: { z: 1 } } } ] } }",
      ),
    ],
  },
  {
    says: "the fields of loops and parallel steps may stand under config",
    canonical: `
      - { name: l, type: loop, iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: p, type: parallel, max_concurrency: 2, join: any, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] }`,
    also: [
      `
      - { name: l, type: foreach, config: { iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9 }, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: p, type: parallel, config: { max_concurrency: 2, join: any }, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] }`,
      `
      - { name: l, type: map, config: { iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9, steps: [ { name: b, executor: me, function: ok } ] } }
      - { name: p, type: parallel, config: { max_concurrency: 2, join: any, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] } }`,
    ],
  },
  {
    says: "service_call is http",
    canonical: step("type: http, service: ledger, endpoint: /x, method: GET"),
    also: [
      step("type: service_call, config: { service: ledger, endpoint: /x, method: GET }"),
      step("type: service_call, service: ledger, endpoint: /x, method: GET"),
      step("type: http, config: { service: ledger, endpoint: /x, method: GET }"),
    ],
  },
  {
    says: "foreach and map are loop",
    canonical: step("type: loop, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
    also: [
      step("type: foreach, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
      step("type: map, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
    ],
  },
  {
    says: "script is transform",
    canonical: step("type: transform, language: jsonata, expression: $.x"),
    also: [
      step("type: script, language: jsonata, expression: $.x"),
      step("type: script, config: { language: jsonata, expression: $.x }"),
    ],
  },
  {
    says: "service and method are executor and function, and the type may be left out",
    canonical: step("type: function, executor: me, function: ok"),
    also: [
      step("executor: me, function: ok"),
      step("type: function, service: me, method: ok"),
      step("service: me, method: ok"),
      step("config: { service: me, method: ok }"),
      step("type: function, config: { executor: me, function: ok }"),
    ],
  },
  {
    says: "durations have many forms, and a bare number is seconds",
    canonical: call("timeout: 90s, queue_timeout: 1h30m, total_timeout: 7d, heartbeat_timeout: 250ms"),
    also: [
      call("timeout: 90, queue_timeout: 90m, total_timeout: 168h, heartbeat_timeout: 0.25"),
      call('timeout: 1m30s, queue_timeout: "5400", total_timeout: 6d24h, heartbeat_timeout: 0.25s'),
    ],
  },
  {
    says: "a branch may be one step in short form",
    canonical: `- { name: p, type: parallel, branches: [ { name: x, steps: [ { name: x, executor: me, function: ok } ] } ] }`,
    also: [`- { name: p, type: parallel, branches: [ { name: x, executor: me, function: ok } ] }`],
  },
];

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
      const file = join(mkdtempSync(join(tmpdir(), "magicflow-fmt-")), "al.yaml");
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
        steps: [ { name: a, type: workflow, workflow: old }, { name: b, type: workflow, workflow: ${helper} } ]
        output: { a: $.a.v, b: $.b.v }`,
        "the workflow",
      );
      assert.deepEqual((await start(world, name, {})).body["output"], { a: 1, b: 2 });
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
