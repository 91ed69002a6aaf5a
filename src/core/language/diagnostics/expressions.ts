/** What can be wrong with expressions and templates, and with what they read. */

import { quote } from "../../base/text.ts";
import type { Message } from "../diagnostics.ts";
import type { ExpressionFacts } from "./facts.ts";
import { didYouMean } from "./words.ts";

export const EXPRESSION_MESSAGES: { readonly [C in keyof ExpressionFacts]: Message<ExpressionFacts[C]> } = {
  "expression-invalid": {
    severity: "error",
    message: (f) => `${f.problem.replace(/\.$/, "")} (in ${quote(f.field)}).`,
    hint: (f) => f.hint,
    explanation:
      "Text that begins with `$.` is an expression as a whole, `${...}` inside text is a template, and conditions are bare " +
      "expressions. What does not parse is refused, never taken as plain text.",
    wrong: 'when: "$.input.total >"',
    right: 'when: "$.input.total > 100"',
  },
  "pattern-invalid": {
    severity: "error",
    message: (f) => f.problem,
    hint: () => null,
    explanation:
      "Patterns run in time that grows with the text and nothing else, so that no text can keep the platform busy. What " +
      "cannot run like that, such as a reference back to a group, is refused.",
    wrong: 'patterns: ["(a"]',
    right: 'patterns: ["TIMEOUT", "connection .* refused"]',
  },
  "root-unknown": {
    severity: "error",
    message: (f) =>
      `Expected an expression to begin with a root or the name of a step, but there is no ${quote(f.root)}.`,
    hint: (f) => didYouMean(f.nearest) ?? "Input is read as $.input, a step's output as $.steps.NAME.output.",
    explanation:
      "Roots are input, steps, execution, metadata, workflow, conditions, context and env; the names of steps; loop " +
      "variables in their loop; and some more in places where they mean something.",
    wrong: 'email: "$.inptu.email"',
    right: 'email: "$.input.email"',
  },
  "root-elsewhere": {
    severity: "error",
    message: (f) => `Expected ${quote(f.root)} to be read only ${f.where}, but it is read here.`,
    hint: () => null,
    explanation:
      "This root has a meaning only in some places, for example a result only where the output is picked from it.",
    wrong: "input: { id: $.response.id }",
    right: "output: { id: $.response.id }",
  },
  "step-later": {
    severity: "warning",
    message: (f) =>
      `Expected ${f.reader} to read steps that run before it, but ${quote(f.name)} runs later or not with it.`,
    hint: () => "The value will be null. Let the step run earlier, or read another one.",
    explanation: "When the expression is evaluated, the step that it reads cannot have run yet.",
    wrong: "- name: a\n  input: { x: $.b.x }\n- name: b",
    right: "- name: b\n- name: a\n  input: { x: $.b.x }",
  },
  "step-hidden": {
    severity: "warning",
    message: (f) => `Expected ${f.reader} to read steps that it can see, but ${quote(f.name)} is ${f.why}.`,
    hint: () => "The value will be null. Read it through the output of the step that contains it.",
    explanation:
      "Steps of a loop body are read in their own iteration and through `iterations`; branches that run side by side do not " +
      "see one another's steps.",
    wrong: "- name: all\n  type: loop\n  times: 3\n  steps: [{ name: one }]\n- name: after\n  input: { x: $.one.x }",
    right:
      "- name: all\n  type: loop\n  times: 3\n  steps: [{ name: one }]\n- name: after\n  input: { xs: '$.all.iterations[*].steps.one.output.x' }",
  },
  "condition-unknown": {
    severity: "error",
    message: (f) => `Expected a condition of spec.conditions, but there is no ${quote(f.name)}.`,
    hint: (f) => didYouMean(f.nearest),
    explanation: "Named conditions stand under spec.conditions and are read as conditions.NAME.",
    wrong: "when: conditions.high_valeu",
    right: "when: conditions.high_value",
  },
  "secret-forbidden": {
    severity: "error",
    message: (f) => `Expected no secret in ${quote(f.field)}, but it names ${quote(f.name)}.`,
    hint: () =>
      "Secrets may stand in templates of steps that the platform performs itself: http, grpc, database, message_queue, notification, webhook.",
    explanation:
      "A secret is filled in just before the platform makes a call, so that no history, log or executor ever sees it. Where " +
      "somebody else performs the step that cannot be kept.",
    wrong: "type: function\ninput: { key: '${secrets.api_key}' }",
    right: "type: http\nheaders: { Authorization: 'Bearer ${secrets.api_key}' }",
  },
  "sql-template": {
    severity: "error",
    message: () => "Expected a constant statement in sql, but it holds a template.",
    hint: () => "Put a parameter in its place and give its value under params.",
    explanation: "A value that is pasted into a statement can change what the statement does.",
    wrong: "sql: select * from orders where id = ${input.id}",
    right: "sql: select * from orders where id = :id\nparams: { id: $.input.id }",
  },
  "dollar-text": {
    severity: "warning",
    message: (f) =>
      `Expected an expression or plain text, but ${quote(f.text)} looks like an expression and is taken as text.`,
    hint: (f) => `Write ${quote(f.meant)} if you mean the expression; "$$" at the start stands for a dollar sign.`,
    explanation:
      "Expressions begin with `$.`. Text that begins with `$` and the name of a root is most often a missing dot.",
    wrong: "email: $input.email",
    right: "email: $.input.email",
  },
  "output-hidden": {
    severity: "warning",
    message: (f) =>
      `Expected another name than ${quote(f.field)} for an output: $.${f.step}.${f.field} is the step's own.`,
    hint: (f) => `Rename it, or read it as $.steps.${f.step}.output.${f.field}.`,
    explanation: "status, error, attempts, branches and iterations of a step are facts about the step itself.",
    wrong: "output: { status: $.response.status }",
    right: "output: { payment_status: $.response.status }",
  },
};
