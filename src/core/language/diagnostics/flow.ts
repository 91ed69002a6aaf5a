/** What can be wrong with the way in which steps lead to one another. */

import { quote } from "../../base/text.ts";
import type { Message } from "../diagnostics.ts";
import type { FlowFacts } from "./facts.ts";
import { didYouMean } from "./words.ts";

export const FLOW_MESSAGES: { readonly [C in keyof FlowFacts]: Message<FlowFacts[C]> } = {
  "step-unknown": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to name an existing step in ${f.field}, but there is no ${quote(f.name)}.`,
    hint: (f) => didYouMean(f.nearest) ?? `Add a step ${quote(f.name)}, or remove the reference.`,
    explanation: "Every name of a step has to be that of a step of the workflow.",
    wrong: "on_success: send-male",
    right: "on_success: send-mail",
  },
  "step-elsewhere": {
    severity: "error",
    message: (f) =>
      `Expected ${f.owner} to name a step of its own list in ${f.field}, but ${quote(f.name)} is in another list.`,
    hint: () => "Name the step that contains it, or move one of the two.",
    explanation:
      "Every list of steps (of the workflow, a branch, a loop, then, else, ...) is a scope of its own, and steps lead only " +
      "to steps of their own scope.",
    wrong:
      "- name: a\n  on_success: inner\n- name: fork\n  type: condition\n  condition: $.input.x\n  then:\n    - name: inner",
    right:
      "- name: a\n  on_success: fork\n- name: fork\n  type: condition\n  condition: $.input.x\n  then:\n    - name: inner",
  },
  "edge-twice": {
    severity: "error",
    message: (f) =>
      `Expected the incoming edges of step ${quote(f.to)} to be those of its depends_on, but ${f.field} of ${quote(f.from)} names it too.`,
    hint: (f) => `Remove depends_on from ${quote(f.to)}, or ${f.field} from ${quote(f.from)}.`,
    explanation: "depends_on gives a step exactly the incoming edges that it lists; no other step can add one.",
    wrong: "- name: a\n  on_success: b\n- name: b\n  depends_on: [a]",
    right: "- name: a\n- name: b\n  depends_on: [a]",
  },
  "step-cycle": {
    severity: "error",
    message: (f) => `Expected steps to lead onward, but these lead back to where they began: ${f.steps.join(" -> ")}.`,
    hint: () => "To repeat steps, use a step of type loop; to try again, a retry.",
    explanation: "A step runs at most once in each run of its list, so a circle could never be entered.",
    wrong: "- name: a\n  on_success: b\n- name: b\n  on_success: a",
    right:
      "- name: again\n  type: loop\n  while: context.more\n  steps: [{ name: a, type: function, executor: e, function: f }]",
  },
  "call-cycle": {
    severity: "error",
    message: (f) => `Expected a fallback to end, but these call one another: ${f.steps.join(" -> ")}.`,
    hint: () => "Remove one of the fallbacks.",
    explanation: "Steps that stand in for one another in a circle would call each other without end.",
    wrong: "- name: a\n  fallback_step: b\n- name: b\n  fallback_step: a",
    right: "- name: a\n  fallback_step: b\n- name: b",
  },
  "side-step-early": {
    severity: "warning",
    message: (f) =>
      `Expected side step ${quote(f.step)} to stand after the main steps, but ${quote(f.main)} follows it.`,
    hint: () => "Move it to the end of the list: it runs only when it is called or a step has failed.",
    explanation:
      "A step that is named as a handler, fallback or compensation is not part of the main flow. Standing between main " +
      "steps it looks as if it were.",
    wrong: "- name: a\n  on_failure: handle\n- name: b\n- name: handle\n- name: c",
    right: "- name: a\n  on_failure: handle\n- name: b\n- name: c\n- name: handle",
  },
  "step-unled": {
    severity: "warning",
    message: (f) =>
      `Expected a step to lead to ${quote(f.step)}, but none does, so it starts beside ${quote(f.first)}.`,
    hint: () => "Write depends_on: [] if that is meant, or let a step lead to it.",
    explanation:
      "A step that names where it leads no longer leads to the next step of the list. That one then begins at once, which " +
      "is easily overlooked.",
    wrong: "- name: a\n  on_success: c\n- name: b\n- name: c",
    right: "- name: a\n  on_success: c\n- name: b\n  depends_on: []\n- name: c",
  },
  "step-unreachable": {
    severity: "warning",
    message: (f) => `Expected step ${quote(f.step)} to be reached, but nothing that can happen leads to it.`,
    hint: () => "Remove it, or let a step lead to it.",
    explanation: "The step can never run: all edges that lead to it come from steps that never complete or never run.",
    wrong: "- name: stop\n  type: fail\n- name: after\n  type: wait\n  duration: 1s",
    right: "- name: stop\n  type: fail\n  when: $.input.bad\n- name: after\n  type: wait\n  duration: 1s",
  },
  "called-edges": {
    severity: "warning",
    message: (f) => `Expected no ${f.field} on step ${quote(f.step)}, which is called: its edges are not followed.`,
    hint: (f) => `Remove ${f.field}.`,
    explanation:
      "A fallback, a compensation or a step of an error rule is called and returns to where it was called from, so it leads " +
      "nowhere.",
    wrong: "- name: a\n  fallback_step: b\n- name: b\n  on_success: c\n- name: c",
    right: "- name: a\n  fallback_step: b\n- name: c\n- name: b",
  },
  "fallback-missing": {
    severity: "error",
    message: (f) => `Expected ${f.owner} to have a fallback_step, because its timeout_action is fallback.`,
    hint: () => "Name the step that runs then, or choose another timeout_action.",
    explanation: "With this action the workflow's time-out runs a step and completes with its output.",
    wrong: "timeout: 5m\ntimeout_action: fallback",
    right: "timeout: 5m\ntimeout_action: fallback\nfallback_step: tell-customer",
  },
  "fallback-expected": {
    severity: "warning",
    message: (f) => `Expected step ${quote(f.step)} to have a fallback, because its timeout_action is fallback.`,
    hint: () => "Add fallback_step, fallback or default_output; without one a time-out is a failure as usual.",
    explanation: "The action says that something stands in for the step when it takes too long, but nothing is given.",
    wrong: "timeout: 5s\ntimeout_action: fallback",
    right: "timeout: 5s\ntimeout_action: fallback\ndefault_output: { score: 0 }",
  },
  "breaker-differs": {
    severity: "warning",
    message: (f) =>
      `Expected the circuit breaker of ${quote(f.target)} to have the same settings everywhere, but step ${quote(f.step)} gives it others than ${f.other}.`,
    hint: () =>
      "Give all of them the same. In force are those of the version that became active last, and of its first such step.",
    explanation:
      "All executions share one circuit breaker for each function, service or address. Its settings are those of the newest " +
      "active version that names it, for everybody. `on_open` is each step's own affair.",
    wrong:
      "- name: a\n  executor: shop\n  function: pay\n  circuit_breaker: { failure_threshold: 3 }\n- name: b\n  executor: shop\n  function: pay\n  circuit_breaker: { failure_threshold: 10 }",
    right:
      "- name: a\n  executor: shop\n  function: pay\n  circuit_breaker: { failure_threshold: 3 }\n- name: b\n  executor: shop\n  function: pay\n  circuit_breaker: { failure_threshold: 3 }",
  },
  "join-unreachable": {
    severity: "error",
    message: (f) => `Expected join to be at most the number of branches, but it is ${f.join} of ${f.branches}.`,
    hint: () => null,
    explanation: "So many branches can never complete.",
    wrong: "join: 3\nbranches: [{ name: a }, { name: b }]",
    right: "join: 2\nbranches: [{ name: a }, { name: b }]",
  },
};
