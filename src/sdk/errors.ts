/** What goes wrong, as errors that a program can branch on by `code`. */

import type { Json } from "../core/base/json.ts";

/** A problem document of the platform (RFC 9457), or one made here for a server that cannot be reached (`status` 0). */
export interface ProblemDocument {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly type?: string;
  readonly errors?: readonly {
    readonly pointer?: string;
    readonly detail: string;
    readonly code?: string;
    readonly line?: number;
    readonly column?: number;
  }[];
  readonly request_id?: string;
  /** Seconds to wait before the next try. */
  readonly retryAfter?: number;
}

/**
 * A call to the platform that did not succeed. `code` is stable: `EXECUTION_NOT_FOUND`, `VALIDATION_FAILED`,
 * `IDEMPOTENCY_CONFLICT` ...; of this side are `CONNECTION_FAILED`, `TIMEOUT`, `ABORTED` and `BAD_ANSWER`.
 */
export class MagicFlowError extends Error {
  override readonly name = "MagicFlowError";
  readonly status: number;
  readonly code: string;
  readonly problem: ProblemDocument;
  readonly retryAfter: number | undefined;

  constructor(problem: ProblemDocument, options?: ErrorOptions) {
    super(problem.detail === "" ? problem.title : `${problem.title}: ${problem.detail}`, options);
    this.problem = problem;
    this.status = problem.status;
    this.code = problem.code;
    this.retryAfter = problem.retryAfter;
  }
}

/**
 * Throw it in a function to fail the attempt with a code of your own. Any other error fails it with code `FUNCTION_FAILED`.
 *
 * ```ts
 * throw new TaskError({ code: "CARD_DECLINED", message: "The bank said no.", retryable: false });
 * ```
 */
export class TaskError extends Error {
  override readonly name = "TaskError";
  /** Upper case words joined by `_`. */
  readonly code: string;
  readonly details: Json | undefined;
  /** `false`: no further attempt, whatever the step's policy says. */
  readonly retryable: boolean | undefined;
  /** Seconds until the next attempt, at the least. */
  readonly retryAfter: number | undefined;

  constructor(
    error: { code: string; message: string; details?: Json; retryable?: boolean; retryAfter?: number },
    options?: ErrorOptions,
  ) {
    super(error.message, options);
    this.code = error.code;
    this.details = error.details;
    this.retryable = error.retryable;
    this.retryAfter = error.retryAfter;
  }
}
