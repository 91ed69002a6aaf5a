/**
 * The reference of the expression language's functions, written from their catalogue.
 *
 *     node tools/functions-reference.ts     writes docs/reference/functions.md
 *
 * A test compares the page with the catalogue, so neither can change alone.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../src/core/base/json.ts";
import { FUNCTIONS } from "../src/core/language/expressions/functions/catalogue.ts";
import {
  FUNCTION_GROUPS,
  type FunctionEntry,
  type FunctionExample,
} from "../src/core/language/expressions/functions/entry.ts";

export const FUNCTIONS_PAGE: string = join(import.meta.dirname, "../docs/reference/functions.md");

export function renderFunctionsReference(): string {
  const entries = [...FUNCTIONS.values()];
  const sections = FUNCTION_GROUPS.map((group) =>
    [`## ${capitalised(group)}`, ...entries.filter((entry) => entry.group === group).map(renderEntry)].join("\n\n"),
  );
  return `${[PREFACE, ...sections].join("\n\n")}\n`;
}

const PREFACE = `# Functions

The functions that may be called in expressions: in conditions, in mappings, and inside \`\${...}\`. A \`?\` after the name of a
value says that it may be left out, \`...\` that any number of them may follow. A value of the wrong type is an
\`EXPRESSION_ERROR\`, a wrong name or number of values is refused when the workflow is registered.

Strings are counted and cut by Unicode characters. Inside the filter of a path, \`[?...]\`, other functions hold: those of
RFC 9535, which are \`length\`, \`count\`, \`value\`, \`match\` and \`search\`.

<!-- Written by tools/functions-reference.ts from the catalogue of functions. -->`;

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function renderEntry({ name, parameters, summary, examples }: FunctionEntry): string {
  const shown = [`### ${name}(${parameters.join(", ")})`, escaped(summary), table(examples)];
  return shown.join("\n\n");
}

/** What would be markup in a sentence of ours. */
function escaped(text: string): string {
  return text.replaceAll(/[<>*_{}]/g, (sign) => `\\${sign}`);
}

function table(examples: readonly FunctionExample[]): string {
  const hasContext = examples.some(({ context }) => context !== undefined);
  const head = hasContext ? ["expression", "with", "gives"] : ["expression", "gives"];
  const rows = examples.map(({ expression, context, value }) =>
    hasContext
      ? [code(expression), context === undefined ? "" : code(text(context)), code(text(value))]
      : [code(expression), code(text(value))],
  );
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function text(value: Json): string {
  return JSON.stringify(value);
}

function code(source: string): string {
  return `\`${source.replaceAll("|", "\\|")}\``;
}

if (import.meta.main) {
  mkdirSync(dirname(FUNCTIONS_PAGE), { recursive: true });
  writeFileSync(FUNCTIONS_PAGE, renderFunctionsReference());
}
