import type { Diagnosis } from "./cases.ts";
import { shown } from "./shorthand.ts";

const mapping = (yaml: string): string => shown(`{ x: ${yaml} }`);

export const diagnoses: readonly Diagnosis[] = [
  ...[
    'type: set, variables: { x: "${secrets.KEY}" }',
    "type: wait, duration: 1s, when: secrets.KEY == 'x'",
    'type: emit, event: e, data: { x: "${secrets.KEY}" }',
    'type: fail, message: "${secrets.KEY}"',
    'type: return, output: { x: "${secrets.KEY}" }',
    'type: loop, iterate_over: "${secrets.KEY}", steps: [ { name: b, executor: me, function: ok } ]',
  ].map(
    (fields): Diagnosis => ({
      says: `a secret may not stand in ${fields.slice(0, 20)}`,
      yaml: `- { name: a, ${fields} }`,
      finds: ["error secret-forbidden"],
    }),
  ),
  {
    says: "a secret may not stand in the output of the workflow",
    yaml: `steps: [ { name: a, executor: me, function: ok } ]\noutput: { x: "\${secrets.KEY}" }`,
    finds: ["error secret-forbidden"],
  },
  {
    says: "a secret may stand in what the platform sends itself",
    yaml: `- { name: a, type: http, url: "https://x.de/\${secrets.KEY}", headers: { a: "\${secrets.KEY}" }, query: { a: "\${secrets.KEY}" }, body: { a: [ "\${secrets.KEY}" ] }, auth: { token: "\${secrets.KEY}" } }`,
    finds: [],
  },

  {
    says: "a text that starts with $. and does not parse is an error",
    yaml: mapping(`"$.input."`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a text that starts with $[ and does not parse is an error",
    yaml: mapping(`"$[input"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a template that does not parse is an error",
    yaml: mapping(`"a \${input.} b"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a condition that does not parse is an error",
    yaml: `- { name: a, executor: me, function: ok, when: "input.a ==" }`,
    finds: ["error expression-invalid"],
  },
  {
    says: "a text that begins with $ and a root's name gets a warning",
    yaml: mapping(`"$input.x"`),
    finds: [["warning dollar-text", "$input"]],
  },
  { says: "a text that begins with $ and anything else gets none", yaml: mapping(`"$5.00"`), finds: [] },
  {
    says: "a template in sql is an error",
    yaml: `- { name: a, type: database, connection: db, operation: query, sql: "select \${input.id}" }`,
    finds: ["error sql-template"],
  },
  {
    says: "sql with params is fine",
    yaml: `- { name: a, type: database, connection: db, operation: query, sql: "select $1", params: [ $.input.id ] }`,
    finds: [],
  },
  {
    says: "secrets in the input of a function is an error",
    yaml: mapping(`"\${secrets.KEY}"`),
    finds: ["error secret-forbidden"],
  },
  {
    says: "secrets in the input of a child is an error",
    yaml: `- { name: a, type: workflow, workflow: other, input: { x: "\${secrets.KEY}" } }`,
    finds: ["error secret-forbidden"],
  },
  {
    says: "a root that does not exist is an error with a suggestion",
    yaml: mapping(`$.inpt.x`),
    finds: [["error root-unknown", "inpt", "input"]],
  },
  {
    says: "a function that does not exist is refused at registration",
    yaml: mapping(`"\${lowr(input.x)}"`),
    finds: [["error expression-invalid", "lower"]],
  },
  {
    says: "a regular expression that cannot run in linear time is refused at registration",
    yaml: mapping(`"\${matches(input.x, '(a)\\\\1')}"`),
    finds: ["error expression-invalid"],
  },
  {
    says: "a pattern of a schema that cannot run in linear time is refused",
    yaml: `
      input_schema: { type: object, properties: { x: { type: string, pattern: "a(?=b)" } } }
      steps: [ { name: a, executor: me, function: ok } ]`,
    finds: ["error schema-invalid"],
  },
  ...[
    "input",
    "steps",
    "execution",
    "metadata",
    "workflow",
    "conditions",
    "context",
    "env",
    "secrets",
    "branches",
    "iterations",
    "error",
    "response",
    "result",
    "http",
    "form",
    "event",
    "true",
    "false",
    "null",
    "in",
    "not",
  ].map(
    (name): Diagnosis => ({
      says: `${name} is reserved`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: ["error name-reserved"],
    }),
  ),
  ...["a.b", "1a", "", "ä", "-a", "a b", "x".repeat(64)].map(
    (name): Diagnosis => ({
      says: `"${name}" cannot be the name of a step`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: ["error name-invalid"],
    }),
  ),
  ...["_a", "A-b_9", "x".repeat(63), "a-", "item", "$ok".slice(1)].map(
    (name): Diagnosis => ({
      says: `"${name}" can be the name of a step`,
      yaml: `- { name: "${name}", executor: me, function: ok }`,
      finds: [],
    }),
  ),
  {
    says: "branches, conditions and variables have names of the same kind",
    yaml: `
      conditions: [ { name: in, expression: "true" } ]
      steps:
        - { name: p, type: parallel, branches: [ { name: input, steps: [ { name: a, executor: me, function: ok } ] } ] }
        - { name: s, type: set, variables: { "a b": 1 } }`,
    finds: ["error name-reserved", "error name-reserved", "error name-invalid"],
  },
  {
    says: "a loop variable that equals a step's name is an error",
    yaml: `- { name: l, type: loop, times: 2, index_variable: b, steps: [ { name: b, executor: me, function: ok } ] }`,
    finds: ["error variable-names-step"],
  },
  {
    says: "mapping an output field that hides behind the step's own gets a warning",
    yaml: `- { name: a, executor: me, function: ok, output: { status: $.result.s, attempts: 1, error: 2, branches: 3, iterations: 4 } }`,
    finds: Array(5).fill("warning output-hidden"),
  },
  {
    says: "steps of a loop body cannot be read outside of it",
    yaml: `
      - { name: l, type: loop, times: 2, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: show, executor: me, function: echo, input: { x: $.b.x } }`,
    finds: ["warning step-hidden"],
  },
  {
    says: "steps of a sister branch cannot be read",
    yaml: `
      - name: p
        type: parallel
        branches:
          - { name: left, steps: [ { name: a, executor: me, function: ok } ] }
          - { name: right, steps: [ { name: b, executor: me, function: echo, input: { x: $.a.x } } ] }`,
    finds: ["warning step-hidden"],
  },
  {
    says: "a step that cannot have run by then gets a warning",
    yaml: `
      - { name: a, executor: me, function: echo, input: { x: $.b.x } }
      - { name: b, executor: me, function: ok }`,
    finds: ["warning step-later"],
  },
  {
    says: "roots that belong elsewhere are errors",
    yaml: `
      - { name: a, executor: me, function: echo, input: { x: $.branches.b } }
      - { name: b, executor: me, function: echo, input: { x: $.error.code } }
      - { name: c, executor: me, function: echo, input: { x: $.response.code } }`,
    finds: ["error root-elsewhere", "error root-elsewhere", "error root-elsewhere"],
  },
];
