/**
 * What `apply` sends: for each workflow of some files one text, its own document with those of its contexts. A file may hold
 * several workflows, and a context may stand in another file than its workflow.
 */

import { type Document, isMap, parseAllDocuments } from "yaml";
import type { Diagnostic } from "../core/language/diagnostics.ts";
import { loadDocuments, type SourceFile } from "../core/language/load.ts";

export interface Bundle {
  readonly name: string;
  readonly text: string;
}

export function bundlesOf(sources: readonly SourceFile[]): {
  readonly bundles: readonly Bundle[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const { diagnostics } = loadDocuments(sources);
  const pieces = sources.flatMap(cut);
  const workflows = pieces.filter(({ kind }) => kind === "Workflow");
  const contexts = pieces.filter(({ kind }) => kind === "WorkflowContext");
  const bundles = workflows.map((workflow) => ({
    name: workflow.name,
    text: [workflow, ...contexts.filter((context) => owns(workflow, context, workflows))]
      .map(({ text }) => text)
      .join("\n---\n"),
  }));
  return { bundles, diagnostics };
}

interface Piece {
  readonly kind: string;
  readonly name: string;
  /** What a context says it belongs to. */
  readonly workflow: string | null;
  readonly source: SourceFile;
  readonly text: string;
}

/** The documents of a file, each with the comments above it. */
function cut(source: SourceFile): readonly Piece[] {
  const documents = parseAllDocuments(source.text, { logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  let start = 0;
  return (documents as readonly Document.Parsed[]).flatMap((document) => {
    const end = document.range[1];
    const text = source.text
      .slice(start, end)
      .replace(/^\s*(---[^\S\n]*(\n|$))?/, "")
      .trimEnd();
    start = document.range[2];
    if (!isMap(document.contents)) return [];
    const read = (path: readonly string[]) => {
      const value = document.getIn(path);
      return typeof value === "string" ? value : null;
    };
    const workflow = read(["spec", "workflow"]);
    return [{ kind: read(["kind"]) ?? "", name: read(["metadata", "name"]) ?? "", workflow, source, text }];
  });
}

/** The rule of the language: by the name it gives, else by its own name, else the only workflow of its file or of all. */
function owns(workflow: Piece, context: Piece, all: readonly Piece[]): boolean {
  if (context.workflow !== null) return context.workflow === workflow.name;
  const byName = all.filter(({ name }) => name === context.name || name === context.name.replace(/-context$/, ""));
  if (byName.length > 0) return byName.includes(workflow);
  const ofFile = all.filter(({ source }) => source === context.source);
  return ofFile.length === 1 ? ofFile[0] === workflow : all.length === 1;
}
