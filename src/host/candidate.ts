/** A text on its way to being registered: loaded, compiled and without errors, or refused with every mistake. */

import { Bug } from "../core/base/bug.ts";
import { quote } from "../core/base/text.ts";
import type { DeclaredBreaker } from "../core/language/breakers.ts";
import type { Definition } from "../core/language/definition.ts";
import type { Diagnostic } from "../core/language/diagnostics.ts";
import { contentHashOf } from "../core/language/hash.ts";
import { type LoadedWorkflow, loadDocuments } from "../core/language/load.ts";
import type { Outcome, Refusal } from "./refusal.ts";
import { refuse } from "./workflow-refusals.ts";

/** What can be registered. */
export interface Candidate {
  readonly name: string;
  readonly version: string | null;
  readonly hash: string;
  readonly definition: Definition;
  readonly warnings: readonly Diagnostic[];
  readonly breakers: readonly DeclaredBreaker[];
}

export function loadCandidate(text: string): Outcome<Candidate> {
  const { workflows, diagnostics } = loadDocuments([{ file: null, text }]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [workflow, second] = workflows;
  if (errors.length > 0) return refuse(invalid(workflow, errors));
  if (workflow === undefined || second !== undefined) {
    const message = `Expected one document of kind Workflow, but there are ${workflows.length}. Register each by itself.`;
    return refuse({ code: "DEFINITION_INVALID", message });
  }
  const { definition, document, name, version } = workflow;
  if (definition === null) throw new Bug(`Expected "${name}" to be compiled where there are no errors.`);
  return {
    ok: true,
    name,
    version,
    hash: contentHashOf(document),
    definition,
    warnings: diagnostics,
    breakers: workflow.breakers,
  };
}

function invalid(workflow: LoadedWorkflow | undefined, errors: readonly Diagnostic[]): Refusal {
  const [first] = errors;
  const which = workflow === undefined || workflow.name === "" ? "the workflow" : quote(workflow.name);
  const count = errors.length === 1 ? "an error" : `${errors.length} errors`;
  return {
    code: "DEFINITION_INVALID",
    message: `Expected ${which} to be without errors, but it has ${count}. Line ${first?.line ?? 1}: ${first?.message ?? ""}`,
    errors: errors.map(({ path, message, hint, line, column, code }) => ({
      pointer: toPointer(path),
      message: hint === null ? message : `${message} ${hint}`,
      line,
      column,
      code,
    })),
  };
}

/** `spec.steps[2].retry` is `/spec/steps/2/retry`. */
function toPointer(path: string): string {
  return path === "" ? "" : `/${path.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
}
