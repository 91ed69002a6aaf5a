/**
 * The words in which it is said what may be written in a document.
 *
 * Each object of the canonical form is a list of fields: name, kind, whether it must be there, and what it is for. Those of
 * steps are in `step-fields.ts`, those of documents in `document-fields.ts`. The checks read wrong, missing and unknown
 * fields off these tables, the compiler reads off them which strings are expressions, and forms can be drawn from them.
 * Spellings that are accepted besides these are in `parse/aliases.ts`.
 */

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required?: boolean;
  /** One sentence for people who fill in a form. */
  readonly summary: string;
}

export type FieldKind =
  /** Plain text, never evaluated. */
  | { readonly is: "text"; readonly lengthMax?: number }
  | { readonly is: "choice"; readonly of: readonly string[] }
  | { readonly is: "boolean" }
  /** A semantic version. */
  | { readonly is: "version" }
  | { readonly is: "integer"; readonly min?: number; readonly max?: number }
  | { readonly is: "number"; readonly min?: number; readonly max?: number }
  | { readonly is: "duration" }
  /** A JSON Schema. */
  | { readonly is: "schema" }
  /** A bare expression that gives true or false. */
  | { readonly is: "condition" }
  /** Any JSON; strings in it may be paths, expressions or templates. */
  | { readonly is: "value" }
  /** The same, and it has to be an object where it is written out. */
  | { readonly is: "mapping" }
  /** A path into what an execution holds, or the plain name of a field, that is read as it is. */
  | { readonly is: "path" }
  /** A code, or a regular expression over a message. */
  | { readonly is: "pattern" }
  /** A program in another language: text that is never evaluated here. */
  | { readonly is: "source" }
  | { readonly is: "sql" }
  /** Any JSON, never evaluated. */
  | { readonly is: "any" }
  /** A list of steps: a scope of its own. */
  | { readonly is: "steps" }
  /** One step. */
  | { readonly is: "step" }
  /** The name of a step. */
  | { readonly is: "reference" }
  | { readonly is: "object"; readonly fields: readonly Field[]; readonly isOpen?: boolean }
  | { readonly is: "list"; readonly of: FieldKind; readonly lengthMax?: number }
  /** An object whose names are free. */
  | { readonly is: "map"; readonly of: FieldKind }
  /** Whichever of these fits what is written. */
  | { readonly is: "either"; readonly of: readonly FieldKind[] };

export const TEXT: FieldKind = { is: "text" };
export const VERSION: FieldKind = { is: "version" };
export const BOOLEAN: FieldKind = { is: "boolean" };
export const DURATION: FieldKind = { is: "duration" };
export const SCHEMA: FieldKind = { is: "schema" };
export const CONDITION: FieldKind = { is: "condition" };
export const VALUE: FieldKind = { is: "value" };
export const MAPPING: FieldKind = { is: "mapping" };
export const SOURCE: FieldKind = { is: "source" };
export const ANY: FieldKind = { is: "any" };
export const STEPS: FieldKind = { is: "steps" };
export const STEP: FieldKind = { is: "step" };
export const REFERENCE: FieldKind = { is: "reference" };
export const COUNT: FieldKind = { is: "integer", min: 1, max: 1_000_000_000 };
export const SHARE: FieldKind = { is: "number", min: 0, max: 1 };
export const PATH: FieldKind = { is: "path" };
export const PATTERN: FieldKind = { is: "pattern" };
export const TEXTS: FieldKind = { is: "list", of: TEXT };
export const LABELS: FieldKind = { is: "map", of: ANY };

export const choice = (...of: readonly string[]): FieldKind => ({ is: "choice", of });
export const object = (...fields: readonly Field[]): FieldKind => ({ is: "object", fields });
/** Fields beyond these are left to whoever reads the object; one that looks like a slip gets a warning. */
export const openObject = (...fields: readonly Field[]): FieldKind => ({ is: "object", fields, isOpen: true });
export const list = (of: FieldKind): FieldKind => ({ is: "list", of });
export const either = (...of: readonly FieldKind[]): FieldKind => ({ is: "either", of });

export const may = (name: string, kind: FieldKind, summary: string): Field => ({ name, kind, summary });
export const must = (name: string, kind: FieldKind, summary: string): Field => ({
  name,
  kind,
  summary,
  required: true,
});

/** Named levels of priority stand for 2, 5, 7 and 9. */
export const PRIORITY: FieldKind = either(choice("low", "normal", "high", "critical"), {
  is: "integer",
  min: 0,
  max: 9,
});
