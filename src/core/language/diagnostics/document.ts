/** What can be wrong with the fields and names of a document. */

import { quote } from "../../base/text.ts";
import type { Message } from "../diagnostics.ts";
import type { DocumentFacts } from "./facts.ts";
import { didYouMean, oneOf, quoted } from "./words.ts";

export const DOCUMENT_MESSAGES: { readonly [C in keyof DocumentFacts]: Message<DocumentFacts[C]> } = {
  "document-not-object": {
    severity: "error",
    message: (f) => `Expected a document with the fields apiVersion, kind, metadata and spec, but met ${f.met}.`,
    hint: () => null,
    explanation: "Every document is an object; `kind` says what it describes.",
    wrong: "- name: hello",
    right: "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: hello }\nspec: { steps: [] }",
  },
  "kind-unknown": {
    severity: "error",
    message: (f) => `Expected kind to be Workflow, WorkflowContext or WorkflowTest, but met ${quote(f.kind)}.`,
    hint: (f) => didYouMean(f.nearest),
    explanation: "The kind says how the document is read: a workflow, the schemas of one, or a test of one.",
    wrong: "kind: Workflows",
    right: "kind: Workflow",
  },
  "field-unknown": {
    severity: "error",
    message: (f) => `Expected only fields that ${f.owner} has, but met ${quote(f.field)}.`,
    hint: (f) =>
      didYouMean(f.nearest) ??
      (f.elsewhere === null ? 'Names that begin with "x-" are free.' : `Steps of type ${f.elsewhere} have it.`),
    explanation:
      "A field that nobody reads is most often a slip of the pen, and a slip that is passed over in silence is found in " +
      'production. Names that begin with "x-" are free, and so is everything under annotations and labels.',
    wrong: "timout: 5s",
    right: "timeout: 5s",
  },
  "field-doubtful": {
    severity: "warning",
    message: (f) => `Expected fields that ${f.owner} is known to have, but met ${quote(f.field)}.`,
    hint: (f) => didYouMean(f.nearest),
    explanation: "This object may have fields of its own choice, but this one looks like a slip of the pen.",
    wrong: "triggers:\n  - { type: cron, crom: '0 8 * * *' }",
    right: "triggers:\n  - { type: cron, cron: '0 8 * * *' }",
  },
  "field-missing": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to have the field ${quote(f.field)}, but it is missing.`,
    hint: () => null,
    explanation: "Without this field it is not known what to do.",
    wrong: "- name: charge\n  type: function\n  executor: payments",
    right: "- name: charge\n  type: function\n  executor: payments\n  function: charge",
  },
  "field-twice": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} once, but it is given here and as ${quote(f.other)}.`,
    hint: () => "Keep one of the two.",
    explanation:
      "Several spellings mean the same field, and fields of a step may stand under `config`. Given twice, it would not be " +
      "known which one counts.",
    wrong: "- name: charge\n  timeout: 5s\n  config: { timeout: 10s }",
    right: "- name: charge\n  timeout: 10s",
  },
  "field-type": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be ${f.expected}, but met ${f.met}.`,
    hint: () => null,
    explanation: 'The field takes values of another kind. Mind the quotes: `"3"` is text and `3` is a number.',
    wrong: "fail_fast: maybe",
    right: "fail_fast: true",
  },
  "field-choice": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be ${oneOf(f.choices)}, but met ${quote(f.met)}.`,
    hint: (f) => didYouMean(f.nearest),
    explanation: "The field knows a few words only.",
    wrong: "backoff: exponentially",
    right: "backoff: exponential",
  },
  "field-range": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be ${f.expected}, but met ${f.met}.`,
    hint: () => null,
    explanation: "The number lies outside of what the field can mean.",
    wrong: "retry: { max_attempts: 0 }",
    right: "retry: { max_attempts: 1 }",
  },
  "field-length": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to have at most ${f.max} ${f.unit}, but it has ${f.met}.`,
    hint: () => null,
    explanation: "What is shown in lists has a limit, so that lists stay lists.",
    wrong: "tags: [one, two, three] # and 18 more",
    right: "tags: [one, two]",
  },
  "fields-exclusive": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to have one of ${oneOf(quoted(f.fields))}, but it has more than one.`,
    hint: () => "Keep one of them.",
    explanation: "Each of these fields says the same thing in another way, so only one of them can hold.",
    wrong: "- name: pause\n  type: wait\n  duration: 1h\n  until: 2030-01-01T00:00:00Z",
    right: "- name: pause\n  type: wait\n  duration: 1h",
  },
  "fields-none": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to have ${oneOf(quoted(f.fields))}, but it has none of them.`,
    hint: () => null,
    explanation: "One of these fields is needed to know what to do.",
    wrong: "- name: pause\n  type: wait",
    right: "- name: pause\n  type: wait\n  duration: 1h",
  },
  "duration-invalid": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be a duration, but met ${quote(f.met)}.`,
    hint: () => "Write 250ms, 90s, 10m, 1h30m or 7d; a bare number is seconds.",
    explanation:
      "A duration is one or more numbers with the unit ms, s, m, h or d, without spaces; at most a hundred years.",
    wrong: "timeout: 5 minutes",
    right: "timeout: 5m",
  },
  "time-invalid": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be a time with date and zone, but met ${quote(f.met)}.`,
    hint: () => 'Write it like "2030-01-31T08:00:00Z".',
    explanation: "A time without a zone means another moment on each machine.",
    wrong: "until: tomorrow",
    right: "until: 2030-01-31T08:00:00+01:00",
  },
  "status-invalid": {
    severity: "error",
    message: (f) => `Expected "expect_status" to hold status codes, but met ${quote(f.met)}.`,
    hint: () => "Write 200, 2xx, 200-299, or a list of these.",
    explanation: "Status codes of HTTP are numbers from 100 to 599.",
    wrong: "expect_status: ok",
    right: "expect_status: [200, 404]",
  },
  "workflow-name-invalid": {
    severity: "error",
    message: (f) => `Expected the name of the workflow to be 1 to 63 of a-z, 0-9, - and _, but met ${quote(f.name)}.`,
    hint: () => "It begins and ends with a letter or a digit.",
    explanation: "The name is part of addresses, file names and generated code.",
    wrong: "metadata: { name: Order Processing }",
    right: "metadata: { name: order-processing }",
  },
  "version-invalid": {
    severity: "error",
    message: (f) => `Expected a semantic version like 2.1.0, but met ${quote(f.version)}.`,
    hint: () => "Three numbers, with a leading v if you like. Quote it, so that YAML does not take 1.0 for a number.",
    explanation: "Versions are compared by the rules of semver.org, so they have to follow them.",
    wrong: "version: 1.0",
    right: "version: 1.0.0",
  },
  "schema-invalid": {
    severity: "error",
    message: (f) => `Expected ${quote(f.field)} to be a JSON Schema: ${f.problem}`,
    hint: (f) => f.hint,
    explanation:
      "Schemas are JSON Schema 2020-12; what is not valid there could not be checked when the workflow runs.",
    wrong: "input_schema: { type: text }",
    right: "input_schema: { type: string }",
  },
  "steps-empty": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to have at least one step, but the list is empty.`,
    hint: () => null,
    explanation: "A list of steps does something or is left out.",
    wrong: "spec: { steps: [] }",
    right: "spec:\n  steps:\n    - { name: pause, type: wait, duration: 1s }",
  },
  "name-invalid": {
    severity: "error",
    message: (f) => `Expected the name of ${f.what} to begin with a letter or _, but met ${quote(f.name)}.`,
    hint: () => "Up to 63 letters, digits, - and _.",
    explanation: "Expressions read steps, branches, conditions and variables by name, so names are single words.",
    wrong: "- name: charge card",
    right: "- name: charge-card",
  },
  "name-reserved": {
    severity: "error",
    message: (f) =>
      `Expected another name for ${f.what} than ${quote(f.name)}, which means something else in expressions.`,
    hint: () => "Choose another name.",
    explanation: "Names of roots (input, steps, context, ...) and the words true, false, null, in and not are taken.",
    wrong: "- name: input",
    right: "- name: read-input",
  },
  "name-twice": {
    severity: "error",
    message: (f) =>
      `Expected the name of ${f.what} to be unique, but ${quote(f.name)} stands already on line ${f.line}.`,
    hint: () => "Rename one of the two.",
    explanation:
      "Steps are read by name from everywhere, so names of steps are unique in the whole workflow, at any depth.",
    wrong: "- { name: charge, type: wait, duration: 1s }\n- { name: charge, type: wait, duration: 2s }",
    right: "- { name: charge, type: wait, duration: 1s }\n- { name: charge-again, type: wait, duration: 2s }",
  },
  "variable-names-step": {
    severity: "error",
    message: (f) =>
      `Expected the loop variable to have another name than a step, but there is a step ${quote(f.variable)}.`,
    hint: () => "Rename the variable or the step.",
    explanation: "In the loop the name would mean both the item and the step.",
    wrong: "item_variable: charge # and a step is called charge",
    right: "item_variable: order",
  },
  "type-unknown": {
    severity: "error",
    message: (f) => `Expected step ${quote(f.step)} to have a known type, but met ${quote(f.type)}.`,
    hint: (f) => didYouMean(f.nearest),
    explanation: "The type says what a step does. Names under `includes` are types too: they run that workflow.",
    wrong: "type: functon",
    right: "type: function",
  },
  "context-unowned": {
    severity: "error",
    message: (f) =>
      f.workflow === null
        ? `Expected context ${quote(f.context)} to belong to a workflow, but there is none of its name.`
        : `Expected context ${quote(f.context)} to belong to the workflow ${quote(f.workflow)}, but there is none of that name.`,
    hint: () => "Name the workflow in spec.workflow, and give both documents together.",
    explanation:
      "The schemas in a WorkflowContext belong to the workflow that its spec names, else to the one of its own name with or " +
      "without -context, else to the only workflow that is given with it.",
    wrong: "kind: WorkflowContext\nmetadata: { name: orders-context }\nspec: { workflow: oders }",
    right: "kind: WorkflowContext\nmetadata: { name: orders-context }\nspec: { workflow: orders }",
  },
  "context-conflict": {
    severity: "error",
    message: (f) => `Expected one ${f.field} for workflow ${quote(f.workflow)}, but two documents give different ones.`,
    hint: () => "Keep one of them.",
    explanation: "The schemas of a workflow stand in its own document or in one WorkflowContext.",
    wrong: "# input_schema in the Workflow and another in its WorkflowContext",
    right: "# input_schema in the WorkflowContext only",
  },
};
