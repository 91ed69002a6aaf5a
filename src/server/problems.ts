/** Turns refusals and whatever else goes wrong into problems (RFC 9457). */

import type { Json } from "../core/base/json.ts";
import { PROBLEMS, type Problem, type ProblemCode, type ProblemError, problemType } from "../core/protocol/problems.ts";
import { type Refusal, RefusedError, STORAGE_FULL } from "../host/refusal.ts";
import { StoreError } from "../ports/store.ts";

/** A problem on its way out, not yet tied to a request. */
export interface Trouble {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly ProblemError[];
  readonly details?: Json;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Carries a trouble past code that can only throw. */
export class TroubleError extends Error {
  override readonly name = "TroubleError";
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.detail);
    this.trouble = trouble;
  }
}

export function trouble(code: ProblemCode, detail: string, errors: readonly ProblemError[] = []): Trouble {
  return { code, detail, errors };
}

export function troubleOf(refusal: Refusal): Trouble {
  const { code, message, errors, details, retryAfter } = refusal;
  return {
    code,
    detail: message,
    errors: (errors ?? []).map(({ message: detail, ...place }) => ({ ...place, detail })),
    ...(details === undefined ? {} : { details }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** How long to wait where nobody knows better. */
const RETRY_AFTER_SECONDS = 1;

/** For what was thrown: the storage's failures are told, a bug of ours is only owned up to. */
export function troubleOfError(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  if (error instanceof RefusedError) return troubleOf(error.refusal);
  if (error instanceof StoreError && error.kind === "cursor") {
    return trouble("BAD_REQUEST", error.message, [{ pointer: "query/cursor", detail: error.message }]);
  }
  if (error instanceof StoreError && error.kind === "full") return troubleOf(STORAGE_FULL);
  if (error instanceof StoreError) {
    const detail = "Expected the storage to answer, but it cannot be used at the moment.";
    return { ...trouble("UNAVAILABLE", detail), retryAfter: RETRY_AFTER_SECONDS };
  }
  return trouble(
    "INTERNAL",
    "Expected to meet the request, but the platform has a fault. It has been written to the log.",
  );
}

export function toProblem(
  { code, detail, errors, details }: Trouble,
  request: { path: string; requestId: string },
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: problemType(code),
    title,
    status,
    detail,
    instance: request.path,
    code,
    errors,
    request_id: request.requestId,
    ...(details === undefined ? {} : { details }),
  };
}

const WAITS: ReadonlySet<ProblemCode> = new Set([
  "OVERLOADED",
  "LIMIT_REACHED",
  "RATE_LIMITED",
  "STORAGE_FULL",
  "UNAVAILABLE",
  "SIGNALS_FULL",
]);

/** Headers that go with a problem. */
export function problemHeaders({ code, retryAfter, headers }: Trouble): Record<string, string> {
  const waits = WAITS.has(code);
  return {
    ...headers,
    ...(waits ? { "retry-after": String(Math.max(1, Math.ceil(retryAfter ?? RETRY_AFTER_SECONDS))) } : {}),
  };
}
