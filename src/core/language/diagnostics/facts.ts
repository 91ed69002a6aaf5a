/** The facts that each diagnostic is made of. The names are the codes that people see, and never change. */

export interface TextFacts {
  "text-too-large": { readonly bytesMax: number };
  "text-character": { readonly character: string };
  "text-empty": Record<never, never>;
  "documents-too-many": { readonly max: number };
  "yaml-invalid": { readonly problem: string };
  "yaml-version": { readonly version: string };
  "nesting-too-deep": { readonly max: number };
  "anchors-too-many": { readonly max: number };
  "anchor-unknown": { readonly anchor: string };
  "anchor-cycle": { readonly anchor: string };
  "merge-not-map": Record<never, never>;
  "tag-unknown": { readonly tag: string };
  "key-not-text": { readonly key: string };
  "key-dangerous": { readonly key: string };
  "key-twice": { readonly key: string; readonly line: number };
  "number-infinite": { readonly source: string };
}

export interface DocumentFacts {
  "document-not-object": { readonly met: string };
  "kind-unknown": { readonly kind: string; readonly nearest: string | null };
  "field-unknown": {
    readonly field: string;
    readonly owner: string;
    readonly nearest: string | null;
    /** A step type that has the field. */
    readonly elsewhere: string | null;
  };
  "field-doubtful": { readonly field: string; readonly owner: string; readonly nearest: string };
  "field-missing": { readonly field: string; readonly owner: string };
  "field-twice": { readonly field: string; readonly other: string };
  "field-type": { readonly field: string; readonly expected: string; readonly met: string };
  "field-choice": {
    readonly field: string;
    readonly choices: readonly string[];
    readonly met: string;
    readonly nearest: string | null;
  };
  "field-range": { readonly field: string; readonly expected: string; readonly met: number };
  "field-length": { readonly field: string; readonly max: number; readonly met: number; readonly unit: string };
  "fields-exclusive": { readonly owner: string; readonly fields: readonly string[] };
  "fields-none": { readonly owner: string; readonly fields: readonly string[] };
  "duration-invalid": { readonly field: string; readonly met: string };
  "time-invalid": { readonly field: string; readonly met: string };
  "status-invalid": { readonly met: string };
  "workflow-name-invalid": { readonly name: string };
  "version-invalid": { readonly version: string };
  "schema-invalid": { readonly field: string; readonly problem: string; readonly hint: string | null };
  "steps-empty": { readonly owner: string };
  "name-invalid": { readonly what: string; readonly name: string };
  "name-reserved": { readonly what: string; readonly name: string };
  "name-twice": { readonly what: string; readonly name: string; readonly line: number };
  "variable-names-step": { readonly variable: string };
  "type-unknown": { readonly step: string; readonly type: string; readonly nearest: string | null };
  "context-unowned": { readonly context: string; readonly workflow: string | null };
  "context-conflict": { readonly field: string; readonly workflow: string };
}

export interface FlowFacts {
  "step-unknown": {
    readonly owner: string;
    readonly field: string;
    readonly name: string;
    readonly nearest: string | null;
  };
  "step-elsewhere": { readonly owner: string; readonly field: string; readonly name: string };
  "edge-twice": { readonly from: string; readonly to: string; readonly field: string };
  "step-cycle": { readonly steps: readonly string[] };
  "call-cycle": { readonly steps: readonly string[] };
  "side-step-early": { readonly step: string; readonly main: string };
  "step-unled": { readonly step: string; readonly first: string };
  "step-unreachable": { readonly step: string };
  "called-edges": { readonly step: string; readonly field: string };
  "fallback-missing": { readonly owner: string };
  "fallback-expected": { readonly step: string };
  "breaker-differs": { readonly step: string; readonly target: string; readonly other: string };
  "join-unreachable": { readonly join: number; readonly branches: number };
}

export interface ExpressionFacts {
  "expression-invalid": { readonly field: string; readonly problem: string; readonly hint: string | null };
  "pattern-invalid": { readonly problem: string };
  "root-unknown": { readonly root: string; readonly nearest: string | null };
  "root-elsewhere": { readonly root: string; readonly where: string };
  "step-later": { readonly reader: string; readonly name: string };
  "step-hidden": { readonly reader: string; readonly name: string; readonly why: string };
  "condition-unknown": { readonly name: string; readonly nearest: string | null };
  "secret-forbidden": { readonly field: string; readonly name: string };
  "sql-template": Record<never, never>;
  "dollar-text": { readonly text: string; readonly meant: string };
  "output-hidden": { readonly field: string; readonly step: string };
}

export type Facts = TextFacts & DocumentFacts & FlowFacts & ExpressionFacts;
export type Code = keyof Facts;
