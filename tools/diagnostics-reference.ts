/**
 * The reference of diagnostics, written from their catalogue: a page for each code and an index.
 *
 *     node tools/diagnostics-reference.ts     writes docs/reference/diagnostics/
 *
 * A test compares the pages with the catalogue, so neither can change alone.
 */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOCUMENT_MESSAGES } from "../src/core/language/diagnostics/document.ts";
import { EXPRESSION_MESSAGES } from "../src/core/language/diagnostics/expressions.ts";
import { FLOW_MESSAGES } from "../src/core/language/diagnostics/flow.ts";
import { TEXT_MESSAGES } from "../src/core/language/diagnostics/text.ts";
import { CATALOGUE, type Severity } from "../src/core/language/diagnostics.ts";

export const DIAGNOSTICS_FOLDER: string = join(import.meta.dirname, "../docs/reference/diagnostics");

const FAMILIES = [
  ["Texts", TEXT_MESSAGES],
  ["Fields and names", DOCUMENT_MESSAGES],
  ["Flow", FLOW_MESSAGES],
  ["Expressions", EXPRESSION_MESSAGES],
] as const;

/** What a page needs of an entry of the catalogue. */
interface Entry {
  readonly severity: Severity;
  readonly explanation: string;
  readonly wrong: string;
  readonly right: string;
}

/** The pages by their file names. */
export function renderDiagnosticsReference(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>([["index.md", renderIndex()]]);
  for (const [code, entry] of Object.entries<Entry>(CATALOGUE)) pages.set(`${code}.md`, renderPage(code, entry));
  return pages;
}

const NOTE = "<!-- Written by tools/diagnostics-reference.ts from the catalogue of diagnostics. -->";

function renderIndex(): string {
  const sections = FAMILIES.map(([title, messages]) => {
    const rows = Object.entries<Entry>(messages).map(([code, { severity, explanation }]) => {
      const [first] = explanation.split(/(?<=\.) /);
      return `| [\`${code}\`](${code}.md) | ${severity} | ${escaped(first ?? "")} |`;
    });
    return [`## ${title}`, ["| code | severity | in short |", "| --- | --- | --- |", ...rows].join("\n")].join("\n\n");
  });
  return `${["# Diagnostics", PREFACE, ...sections, NOTE].join("\n\n")}\n`;
}

const PREFACE = `What can be found in a document before anything runs. An error keeps the document from being registered; a warning tells of
what is allowed and most likely not meant. Every diagnostic has a code, a message, the file, line and column, and the path of
the node. Codes never change their meaning.`;

function renderPage(code: string, { severity, explanation, wrong, right }: Entry): string {
  const parts = [
    `# ${code}`,
    `*${severity === "error" ? "An error: the document is not registered." : "A warning."}*`,
    escaped(explanation),
    severity === "error" ? "Refused:" : "Warned of:",
    fenced(wrong),
    "Mended:",
    fenced(right),
    NOTE,
  ];
  return `${parts.join("\n\n")}\n`;
}

function fenced(yaml: string): string {
  return ["```yaml", yaml, "```"].join("\n");
}

/** What would be markup in a sentence of ours, outside of code. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/[<>*_{}|]/g, (sign) => `\\${sign}`)))
    .join("");
}

if (import.meta.main) {
  const pages = renderDiagnosticsReference();
  mkdirSync(DIAGNOSTICS_FOLDER, { recursive: true });
  for (const file of readdirSync(DIAGNOSTICS_FOLDER)) if (!pages.has(file)) rmSync(join(DIAGNOSTICS_FOLDER, file));
  for (const [file, page] of pages) writeFileSync(join(DIAGNOSTICS_FOLDER, file), page);
}
