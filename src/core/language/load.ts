/**
 * The one door to the language: texts in, workflows and diagnostics out.
 *
 *     text ──readTrees──► tree ──normalise──► canonical tree ──check──► diagnostics
 *                                                  └──compile──► Definition, where there are no errors
 */

import type { JsonObject } from "../base/json.ts";
import { type DeclaredBreaker, declaredBreakers } from "./breakers.ts";
import { check } from "./check/check.ts";
import { compile } from "./compile.ts";
import { mergeContexts } from "./contexts.ts";
import type { Definition } from "./definition.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { DocumentTree } from "./documents.ts";
import { readDocuments } from "./documents.ts";
import { createOutline, type Outline } from "./outline.ts";
import { field, text, toJson } from "./parse/node.ts";
import type { Report } from "./report.ts";
import { createReport } from "./report.ts";

export interface SourceFile {
  /** Null for a text that is in no file, such as the body of a request. */
  readonly file: string | null;
  readonly text: string;
}

export interface Loaded {
  readonly workflows: readonly LoadedWorkflow[];
  readonly tests: readonly LoadedTest[];
  /** Everything that was found, by file and place: that of the workflows and tests included. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface LoadedWorkflow {
  /** Empty where the text gives none. */
  readonly name: string;
  /** As written, without a leading `v`; null where the text gives none and the registry chooses. */
  readonly version: string | null;
  /** Null if there are errors. */
  readonly definition: Definition | null;
  /** The canonical form, schemas from a WorkflowContext included. */
  readonly document: JsonObject;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: string | null;
  readonly text: string;
  /** The circuit breakers that the text tells; none where there are errors. */
  readonly breakers: readonly DeclaredBreaker[];
}

export interface LoadedTest {
  readonly name: string;
  /** The workflow that it tests, as written; null where it does not say. */
  readonly workflow: string | null;
  readonly document: JsonObject;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: string | null;
}

export function loadDocuments(files: readonly SourceFile[]): Loaded {
  const general = createReport();
  const documents = files.flatMap((file) => readDocuments(file, general));
  const contexts = documents.filter((document) => document.kind === "WorkflowContext");
  const merged = mergeContexts(
    documents.filter((document) => document.kind === "Workflow"),
    contexts,
  );
  const workflows = merged.map(loadOne);
  const tests = documents.filter((document) => document.kind === "WorkflowTest").map(loadTest);
  const diagnostics = [
    ...general.diagnostics,
    ...contexts.flatMap((context) => context.report.diagnostics),
    ...workflows.flatMap((workflow) => workflow.diagnostics),
    ...tests.flatMap((test) => test.diagnostics),
  ];
  return { workflows, tests, diagnostics: sorted(diagnostics, files) };
}

/** For a text that holds one workflow, with its WorkflowContext or without. */
export function loadWorkflow(
  source: string,
  file: string | null = null,
): {
  readonly workflow: LoadedWorkflow | null;
  readonly definition: Definition | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { workflows, diagnostics } = loadDocuments([{ file, text: source }]);
  const workflow = workflows[0] ?? null;
  const isFine = workflows.length === 1 && diagnostics.every((diagnostic) => diagnostic.severity !== "error");
  return { workflow, definition: isFine ? (workflow?.definition ?? null) : null, diagnostics };
}

function loadOne({ tree, report, source }: DocumentTree): LoadedWorkflow {
  const metadata = field(tree, "metadata");
  const document = toJson(tree) as JsonObject;
  const spec = field(tree, "spec");
  const outline = createOutline(tree, spec?.kind === "map" ? spec : { ...tree, entries: new Map() });
  const definition = compileOutline(outline, document, report);
  const breakers = definition === null ? [] : declaredBreakers(definition, outline, report);
  return {
    name: text(field(metadata, "name")) ?? "",
    version: text(field(metadata, "version")) ?? null,
    definition,
    document,
    diagnostics: report.diagnostics,
    file: source.file,
    text: source.text,
    breakers,
  };
}

function compileOutline(outline: Outline, document: JsonObject, report: Report): Definition | null {
  const parts = check(outline, report);
  return report.hasErrors() ? null : compile(outline, parts, document);
}

function loadTest({ tree, report, source }: DocumentTree): LoadedTest {
  const written = field(field(tree, "spec"), "workflow");
  return {
    name: text(field(field(tree, "metadata"), "name")) ?? "",
    workflow: text(written) ?? text(field(written, "name")) ?? null,
    document: toJson(tree) as JsonObject,
    diagnostics: report.diagnostics,
    file: source.file,
  };
}

function sorted(diagnostics: readonly Diagnostic[], files: readonly SourceFile[]): readonly Diagnostic[] {
  const order = new Map(files.map(({ file }, i) => [file, i]));
  const rank = (diagnostic: Diagnostic) => order.get(diagnostic.file) ?? 0;
  // The schemas of a context are looked at in the context and in its workflow.
  const keyOf = ({ code, file, line, column, message }: Diagnostic) =>
    JSON.stringify([code, file, line, column, message]);
  const different = [...new Map(diagnostics.map((diagnostic) => [keyOf(diagnostic), diagnostic])).values()];
  return different.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}
