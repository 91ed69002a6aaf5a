/** Workflow files on disk: found and read; and what is wrong in them, shown. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../core/language/load.ts";
import { readText } from "./context.ts";
import { type Excerptable, formatProblem } from "./excerpt.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Files, and all `.yaml`, `.yml` and `.json` files in and below folders, in the order of their names; `-` is standard input. */
export function readSources(paths: readonly string[]): readonly SourceFile[] {
  const files = paths.flatMap((path) => (path === "-" ? ["-"] : filesIn(path)));
  if (files.length === 0)
    throw new CommandFailure(EXIT.usage, `Expected workflow files in ${paths.join(", ")}, but there are none.`);
  return files.map((file) => ({ file: file === "-" ? "<stdin>" : file, text: readText(file) }));
}

function filesIn(path: string): readonly string[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch {
    throw new CommandFailure(EXIT.usage, `Expected ${path} to be a file or folder, but there is none.`);
  }
  if (!isDirectory) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && !entry.name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) return filesIn(inner);
      return /\.ya?ml$/i.test(entry.name) || /\.(workflow|context)\.json$/i.test(entry.name) ? [inner] : [];
    });
}

/** Shows every diagnostic with its line. Answers how many errors there were. */
export function showDiagnostics(
  terminal: Terminal,
  diagnostics: readonly Excerptable[],
  sources: readonly SourceFile[],
): number {
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  for (const diagnostic of diagnostics) {
    process.stderr.write(`${formatProblem(terminal, diagnostic, texts.get(diagnostic.file) ?? null)}\n`);
  }
  return diagnostics.filter(({ severity }) => severity === "error").length;
}
