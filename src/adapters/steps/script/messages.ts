/** What passes between the platform and its script workers. Values cross as JSON text: no object of one side is ever seen by the other. */

export interface Job {
  readonly language: "javascript" | "jsonata";
  readonly source: string;
  /** JSON text. */
  readonly input: string;
  /** How long it may compute. */
  readonly limitMs: number;
  /** How many characters its result may have. */
  readonly lengthMax: number;
}

export type Ready = { readonly kind: "ready" };

export type Reply =
  /** JSON text; null where the script gave nothing. */
  | { readonly kind: "result"; readonly output: string | null }
  | { readonly kind: "failure"; readonly failure: ScriptFailure; readonly isSpent: boolean };

/** `isSpent` above: the worker may be damaged, or hold much memory, and is replaced. */
export interface ScriptFailure {
  readonly code: "SCRIPT_ERROR" | "TIMEOUT" | "PAYLOAD_TOO_LARGE";
  readonly message: string;
  /** Where in the source, from 1; null: not known. */
  readonly line: number | null;
}

export function failure(
  code: ScriptFailure["code"],
  message: string,
  line: number | null = null,
  isSpent = false,
): Reply {
  return { kind: "failure", failure: { code, message, line }, isSpent };
}

export function tooSlow(limitMs: number, isSpent = false): Reply {
  return failure("TIMEOUT", `Expected the script to end within ${limitMs} ms, but it went on.`, null, isSpent);
}

export function tooLong(lengthMax: number): Reply {
  return failure(
    "PAYLOAD_TOO_LARGE",
    `Expected the script's result to be at most ${lengthMax} characters of JSON, but it is longer.`,
  );
}

/** How much of an error's own words is kept: a script may throw anything. */
const MESSAGE_LENGTH_MAX = 500;

export function cut(message: string): string {
  return message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX)}…` : message;
}
