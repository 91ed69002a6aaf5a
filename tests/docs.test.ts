/**
 * The documents are true as far as a program can tell: their examples load, their links lead somewhere, and the files that
 * they name exist.
 *
 *     ```yaml             a workflow, or steps or the inside of `spec` by themselves: loads with nothing to remark
 *     ```yaml invalid     the same, and has errors
 *     ```yaml config      a configuration: is read without problems
 *     ```json             is JSON
 */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../src/config/read.ts";
import type { Diagnostic } from "../src/core/language/diagnostics.ts";
import { loadDocuments } from "../src/core/language/load.ts";

const root = join(import.meta.dirname, "..");

/** Pages of `docs/reference` are written from catalogues, whose own tests try the examples. */
const PAGES = globSync(["*.md", "docs/*.md", "docs/{guides,decisions}/*.md", "examples/**/*.md"], { cwd: root }).sort();

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly mark: string;
  readonly text: string;
}

const pages = PAGES.map((page) => ({ page, text: readFileSync(join(root, page), "utf8") }));
const blocks = pages.flatMap(({ page, text }) => blocksOf(page, text));

for (const block of blocks.filter(({ language }) => language === "yaml")) {
  test(`${block.page}:${block.line}: the example ${expectationOf(block.mark)}`, () => checkYaml(block));
}

test("what the documents show as JSON is JSON", () => {
  for (const { page, line, text } of blocks.filter(({ language }) => language === "json")) {
    assert.doesNotThrow(() => JSON.parse(text), `${page}:${line}`);
  }
});

test("links between documents lead to files and headings that exist", () => {
  const lost = pages.flatMap(({ page, text }) =>
    [...proseOf(text).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)]
      .map(([, target]) => target ?? "")
      .filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${page} -> ${target}`),
  );
  assert.deepEqual(lost, []);
});

test("files that the documents name exist", () => {
  const lost = pages.flatMap(({ page, text }) =>
    [...text.matchAll(/(?<![\w./-])((?:src|tests|tools|bench|examples|docs)\/[\w./-]*\w\/?)/g)]
      .map(([, path]) => path ?? "")
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual([...new Set(lost)], []);
});

function expectationOf(mark: string): string {
  if (mark === "config") return "is a configuration";
  return mark === "invalid" ? "is refused" : "loads";
}

function checkYaml({ page, line, mark, text }: Block): void {
  switch (mark) {
    case "": {
      assert.deepEqual(diagnosticsOf(text).map(describe), []);
      return;
    }
    case "invalid":
      assert.ok(diagnosticsOf(text).some(({ severity }) => severity === "error"));
      return;
    case "config": {
      const file = { name: page, text };
      const read = readConfig({ file, environment: {}, flags: {}, readSecretFile: () => null });
      assert.deepEqual(read.ok ? [] : read.problems.map(({ message }) => message), []);
      return;
    }
    default:
      assert.fail(`Expected no mark, "invalid" or "config" on the block at line ${line}, but it has "${mark}".`);
  }
}

function diagnosticsOf(text: string): readonly Diagnostic[] {
  return loadDocuments([{ file: null, text: asDocument(text) }]).diagnostics;
}

/** Steps alone become the steps of a workflow, other fields its `spec`. */
function asDocument(text: string): string {
  if (/^kind:/m.test(text)) return text;
  const spec = /^(?:#.*\n)*- /.test(text) ? `steps:\n${indented(text)}` : text;
  return `apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: example }\nspec:\n${indented(spec)}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function describe({ line, severity, code, message }: Diagnostic): string {
  return `${line}: ${severity} ${code}: ${message}`;
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? join(root, page) : join(root, dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(readFileSync(file, "utf8")).includes(anchor);
}

/** As GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

function blocksOf(page: string, text: string): readonly Block[] {
  return [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = "", mark = "", content = ""] = match;
    return { page, line: text.slice(0, match.index).split("\n").length, language, mark, text: content };
  });
}
