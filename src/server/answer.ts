/** What a handler gives back. */

import type { ProblemCode, ProblemError } from "../core/protocol/problems.ts";
import type { Outcome, Refusal } from "../host/refusal.ts";
import { type Trouble, trouble, troubleOf } from "./problems.ts";

export type Answer =
  /** Encoded as JSON. */
  | { readonly kind: "json"; readonly status: number; readonly body: unknown; readonly headers?: Headers }
  /** Encoded already: stored texts are copied, not parsed and written again. */
  | {
      readonly kind: "text";
      readonly status: number;
      readonly type: string;
      readonly text: string;
      readonly headers?: Headers;
    }
  /** A file as it is. */
  | {
      readonly kind: "bytes";
      readonly status: number;
      readonly type: string;
      readonly bytes: Uint8Array;
      readonly headers?: Headers;
    }
  | { readonly kind: "empty"; readonly status: 204 | 304; readonly headers?: Headers }
  | { readonly kind: "problem"; readonly trouble: Trouble }
  /** The handler answers by itself, as streams do. */
  | { readonly kind: "taken" };

type Headers = Readonly<Record<string, string>>;

export function json(status: number, body: unknown, headers?: Headers): Answer {
  return headers === undefined ? { kind: "json", status, body } : { kind: "json", status, body, headers };
}

export function jsonText(status: number, text: string, headers?: Headers): Answer {
  const type = "application/json; charset=utf-8";
  return headers === undefined ? { kind: "text", status, type, text } : { kind: "text", status, type, text, headers };
}

export const NO_CONTENT: Answer = { kind: "empty", status: 204 };

export function problem(code: ProblemCode, detail: string, errors: readonly ProblemError[] = []): Answer {
  return { kind: "problem", trouble: trouble(code, detail, errors) };
}

export function refused(refusal: Refusal): Answer {
  return { kind: "problem", trouble: troubleOf(refusal) };
}

/** The answer for an outcome of which only the success needs words. */
export function answerOf<T>(outcome: Outcome<T>, answer: (value: T) => Answer): Answer {
  return outcome.ok ? answer(outcome) : refused(outcome.refusal);
}
