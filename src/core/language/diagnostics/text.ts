/** What can be wrong with a text before it is known what it says. */

import { quote } from "../../base/text.ts";
import type { Message } from "../diagnostics.ts";
import type { TextFacts } from "./facts.ts";

export const TEXT_MESSAGES: { readonly [C in keyof TextFacts]: Message<TextFacts[C]> } = {
  "text-too-large": {
    severity: "error",
    message: (f) => `Expected a text of at most ${f.bytesMax / 1024} KiB, but this one is longer.`,
    hint: () => "Split the workflow: parts of it can be workflows of their own, called by steps of type workflow.",
    explanation:
      "A text is refused unread if it is longer than 1 MiB. No workflow that people can follow comes near, and reading " +
      "without a limit would let one text keep the platform busy.",
    wrong: "# a file of two megabytes",
    right: "steps:\n  - name: first-half\n    type: workflow\n    workflow: first-half",
  },
  "text-character": {
    severity: "error",
    message: (f) => `Expected text, but met the character ${f.character}, which YAML and JSON do not allow.`,
    hint: () => "Remove it. In a quoted string other characters can be written as escapes.",
    explanation:
      "Control characters, NUL above all, and halves of surrogate pairs are no text. They come from binary files, from a " +
      "wrong encoding, or from somebody who hopes that two programs read them differently.",
    wrong: 'description: "broken \\ud800"',
    right: 'description: "whole"',
  },
  "text-empty": {
    severity: "error",
    message: () => "Expected a document, but the text is empty.",
    hint: () => 'A workflow begins with "apiVersion: workflow.magic-flow.io/v2" and "kind: Workflow".',
    explanation: "There is nothing in the text but white space and comments, so there is nothing to register or run.",
    wrong: "# nothing here yet",
    right:
      "apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: hello }\nspec:\n  steps:\n    - { name: pause, type: wait, duration: 1s }",
  },
  "documents-too-many": {
    severity: "error",
    message: (f) => `Expected at most ${f.max} documents in one text, but there are more.`,
    hint: () => "Split the file.",
    explanation: "A text may hold several documents, parted by lines of three dashes, up to a limit.",
    wrong: "---\n---\n---\n# and so on, 1,001 times",
    right: "---\n# a document in each file",
  },
  "yaml-invalid": {
    severity: "error",
    message: (f) => `Expected YAML, but ${f.problem}.`,
    hint: () =>
      "Look for wrong indentation, an open quote or bracket, or text with one of [ ] { } , : # that needs quotes.",
    explanation:
      "The text cannot be read as YAML 1.2 (of which JSON is a part). The place is where the reader noticed, which is " +
      "sometimes a line after the cause.",
    wrong: "steps:\n  - name: a\n   type: function",
    right: "steps:\n  - name: a\n    type: function",
  },
  "yaml-version": {
    severity: "error",
    message: (f) => `Expected YAML 1.2, but the document says that it is YAML ${f.version}.`,
    hint: () => "Remove the %YAML directive.",
    explanation: "Other versions of YAML read some words differently: in 1.1 `yes` and `on` mean true.",
    wrong: "%YAML 1.1\n---\nkind: Workflow",
    right: "kind: Workflow",
  },
  "nesting-too-deep": {
    severity: "error",
    message: (f) => `Expected at most ${f.max} levels of objects and lists in one another, but there are more.`,
    hint: () => "Move inner steps into a workflow of their own and call it.",
    explanation:
      "Each list of steps in a step is a few levels. A text that is nested deeper is surely not meant to be read.",
    wrong: "input: [[[[[[ # and so on",
    right: "input: []",
  },
  "anchors-too-many": {
    severity: "error",
    message: (f) => `Expected anchors to copy at most ${f.max} values, but they copy more.`,
    hint: () => "Write the value where it is needed, or use fewer references to it.",
    explanation:
      "An anchor (&name) can be used again by an alias (*name). Aliases of anchors that hold aliases multiply, and a small " +
      "text can grow beyond any memory; so copies are counted.",
    wrong: "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b] # and so on",
    right: "a: &a [x, x]\nb: *a",
  },
  "anchor-unknown": {
    severity: "error",
    message: (f) => `Expected an anchor "&${f.anchor}" before this alias, but there is none.`,
    hint: () => "Anchors hold within one document, from where they stand on. A text that begins with * needs quotes.",
    explanation: "An alias (*name) stands for the value that an anchor (&name) marked earlier in the same document.",
    wrong: "retry: *policy",
    right: "retry: &policy { max_attempts: 3 }",
  },
  "anchor-cycle": {
    severity: "error",
    message: (f) => `Expected the value of "&${f.anchor}" to end, but it holds itself.`,
    hint: () => "Remove the alias.",
    explanation: "An alias inside the value that its anchor marks would make a value without end.",
    wrong: "input: &all { again: *all }",
    right: "input: { again: null }",
  },
  "merge-not-map": {
    severity: "error",
    message: () => "Expected an object, or a list of objects, after the merge key <<, but met something else.",
    hint: () => 'To use a field that is really called "<<", quote it.',
    explanation: "The merge key takes the fields of other objects over. Fields that stand beside it win.",
    wrong: "<<: 3",
    right: "<<: *defaults",
  },
  "tag-unknown": {
    severity: "error",
    message: (f) => `Expected plain values, but met the tag ${quote(f.tag)}.`,
    hint: () => "Remove the tag.",
    explanation:
      "Tags tell some YAML readers to build objects of a program. Documents here are data, the same as JSON.",
    wrong: "timeout: !duration 5s",
    right: "timeout: 5s",
  },
  "key-not-text": {
    severity: "error",
    message: (f) => `Expected the name of a field to be text, but met ${quote(f.key)}.`,
    hint: () => "Quote the name if it is meant to be text.",
    explanation:
      "Names of fields are text, as in JSON. YAML also allows lists and objects as names; nothing here does.",
    wrong: "? [a, b]\n: 1",
    right: '"a, b": 1',
  },
  "key-dangerous": {
    severity: "error",
    message: (f) => `Expected another name than ${quote(f.key)}: it reaches into the inside of programs.`,
    hint: () => "Choose another name.",
    explanation:
      "In JavaScript this name stands for an object's prototype. Data that carries it has been used for attacks.",
    wrong: "input: { __proto__: { admin: true } }",
    right: "input: { prototype: { admin: true } }",
  },
  "key-twice": {
    severity: "error",
    message: (f) => `Expected each field once, but ${quote(f.key)} stands already on line ${f.line}.`,
    hint: () => "Remove one of the two.",
    explanation: "If a field stands twice, readers disagree about which one counts, so neither does.",
    wrong: "timeout: 5s\ntimeout: 10s",
    right: "timeout: 10s",
  },
  "number-infinite": {
    severity: "error",
    message: (f) => `Expected a number that JSON can hold, but met ${quote(f.source)}.`,
    hint: () => "Quote it if it is meant to be text.",
    explanation: "Infinity and not-a-number have no form in JSON, and numbers beyond 1.8e308 become infinite.",
    wrong: "times: 1e400",
    right: "times: 400",
  },
};
