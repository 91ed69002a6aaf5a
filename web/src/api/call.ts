/**
 * How the pages ask the platform. Every answer is JSON; every refusal is a `Problem` with the platform's own words, which the
 * pages show as they are.
 *
 *     const page = await call<Page<ExecutionSummary>>("GET", "/api/v1/executions", { query: { status: "failed" } });
 */

import { isObject, type Json } from "../../../src/core/base/json.ts";

/** RFC 9457, as the platform writes it. */
export interface ProblemBody {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly {
    readonly pointer?: string;
    readonly detail: string;
    readonly line?: number;
    readonly column?: number;
  }[];
  readonly request_id?: string;
  readonly [member: string]: unknown;
}

export class Problem extends Error {
  override readonly name = "Problem";
  readonly body: ProblemBody;

  constructor(body: ProblemBody) {
    super(body.detail);
    this.body = body;
  }

  get code(): string {
    return this.body.code;
  }

  get status(): number {
    return this.body.status;
  }
}

export type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];

export interface CallOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: { readonly type: string; readonly content: string };
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

export interface Answered<T> {
  readonly value: T;
  readonly etag: string | null;
  readonly status: number;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  return (await callWhole<T>(method, path, options)).value;
}

/** As `call`, with what stands around the value. */
export async function callWhole<T>(method: Method, path: string, options: CallOptions = {}): Promise<Answered<T>> {
  const response = await send(method, path, options);
  const text = await response.text();
  const value = text === "" ? null : parse(text, response);
  if (!response.ok) throw new Problem(problemOf(value, response));
  return { value: value as T, etag: response.headers.get("etag"), status: response.status };
}

/** The path of a place whose parts people have named. */
export function place(...parts: readonly (string | number)[]): string {
  return `/api/v1/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

async function send(
  method: Method,
  path: string,
  { query, body, text, ifMatch, signal }: CallOptions,
): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (text !== undefined) headers["content-type"] = text.type;
  else if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== undefined) headers["if-match"] = ifMatch;
  const init: RequestInit = { method, headers };
  if (text !== undefined) init.body = text.content;
  else if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  try {
    return await fetch(`${path}${queryText(query ?? {})}`, init);
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new Problem({
      title: "The platform cannot be reached",
      status: 0,
      code: "UNREACHABLE",
      detail:
        "Expected the platform to answer, but nothing came back. It may be stopped or starting again; this page tries on.",
    });
  }
}

export function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    if (Array.isArray(value)) search.set(name, value.join(","));
    else search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function parse(text: string, response: Response): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Problem({
      title: "An answer that cannot be read",
      status: response.status,
      code: "UNREADABLE",
      detail: `Expected JSON from the platform, but met ${JSON.stringify(text.slice(0, 60))}.`,
    });
  }
}

function problemOf(value: Json, response: Response): ProblemBody {
  if (isObject(value) && typeof value["detail"] === "string") {
    return value as unknown as ProblemBody;
  }
  return {
    title: response.statusText,
    status: response.status,
    code: "HTTP_ERROR",
    detail: `Expected the platform to explain its refusal, but it answered ${response.status} without words.`,
  };
}
