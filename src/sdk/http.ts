/**
 * One HTTP call to the platform, tried again where that is safe and may help.
 *
 * Tried again: answers 408, 429 and 5xx, and connections that break, with growing delays and jitter, and never sooner than
 * `Retry-After` asks. Writes carry an `Idempotency-Key`, so that a second try never does the work twice.
 */

import type { Json } from "../core/base/json.ts";
import { MagicFlowError, type ProblemDocument } from "./errors.ts";

export interface ConnectionOptions {
  /** Address of the platform; else `MAGICFLOW_URL`, else `http://127.0.0.1:8080`. */
  readonly url?: string;
  /** API token; else `MAGICFLOW_TOKEN`. Never logged. */
  readonly token?: string;
  /** For one try, in milliseconds (default 30,000). A call that waits on the server gets its wait on top. */
  readonly timeoutMs?: number;
  /** Tries after the first (default 4). */
  readonly retries?: number;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface Connection {
  readonly url: string;
  /** Tries after the first. */
  readonly retries: number;
  call(request: CallRequest): Promise<Called>;
  /** The open answer, for streams. Throws `MagicFlowError` for problems. */
  open(request: CallRequest): Promise<Response>;
  /** A WebSocket to the same platform, for whom there is one. */
  openSocket(path: string, protocol: string): WebSocket;
}

export interface CallRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Json | object;
  readonly text?: { readonly type: string; readonly content: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the server may hold the call on purpose, in milliseconds. */
  readonly heldMs?: number;
  readonly signal?: AbortSignal;
  /** Tries after the first, in place of the connection's. */
  readonly retries?: number;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const AGENT = "magicflow-ts/2.0.0";
const TIMEOUT_MS = 30_000;
const RETRIES = 4;
const DELAY_MS_FIRST = 100;
const DELAY_MS_MAX = 10_000;

export function connect(options: ConnectionOptions = {}): Connection {
  const url = (options.url ?? environment("MAGICFLOW_URL") ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
  const token = options.token ?? environment("MAGICFLOW_TOKEN");
  const request = options.fetch ?? fetch;
  const retries = options.retries ?? RETRIES;

  async function once(call: CallRequest): Promise<Response> {
    const timeout = AbortSignal.timeout((options.timeoutMs ?? TIMEOUT_MS) + (call.heldMs ?? 0));
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    return request(addressOf(url, call), {
      method: call.method,
      headers: headersOf(call, token),
      ...bodyOf(call),
      signal,
    });
  }

  return {
    url,
    retries,
    async call(call) {
      const retriesMax = call.retries ?? retries;
      for (let attempt = 0; ; attempt++) {
        const answer = await once(call).catch((cause: unknown) => connectionError(url, cause, call.signal));
        if (answer instanceof Response) {
          const body = await readBody(answer);
          if (answer.ok) return { status: answer.status, headers: answer.headers, body };
          const error = problemError(answer, body);
          if (!isWorthRetrying(answer.status) || attempt >= retriesMax) throw error;
          await pause(Math.max(delayMs(attempt), (error.retryAfter ?? 0) * 1000), call.signal);
        } else {
          if (call.signal?.aborted === true || attempt >= retriesMax) throw answer;
          await pause(delayMs(attempt), call.signal);
        }
      }
    },
    async open(call) {
      const signal = call.signal;
      const answer = await request(addressOf(url, call), {
        method: call.method,
        headers: headersOf(call, token),
        ...(signal === undefined ? {} : { signal }),
      }).catch((cause: unknown) => connectionError(url, cause, signal));
      if (!(answer instanceof Response)) throw answer;
      if (answer.ok) return answer;
      throw problemError(answer, await readBody(answer));
    },
    openSocket(path, protocol) {
      const address = new URL(url.replace(/^http/, "ws") + path);
      // Pages can give no headers; programs can, though the standard knows nothing of it.
      if (typeof document !== "undefined") return new WebSocket(address, protocol);
      const headers = headersOf({ method: "GET", path }, token);
      return new WebSocket(address, { protocols: [protocol], headers });
    },
  };
}

/** A variable that is set to nothing is not set. */
function environment(name: string): string | undefined {
  return typeof process === "undefined" ? undefined : process.env[name] || undefined;
}

function addressOf(url: string, { path, query }: CallRequest): string {
  const address = new URL(url + path);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  return address.href;
}

function headersOf(call: CallRequest, token: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: "application/json", ...call.headers };
  if (call.text !== undefined) headers["content-type"] = call.text.type;
  else if (call.body !== undefined) headers["content-type"] = "application/json";
  if (token !== undefined && token !== "") headers["authorization"] = `Bearer ${token}`;
  if (typeof document === "undefined") headers["user-agent"] = AGENT;
  return headers;
}

// Pages have a `document`, programs do not; pages may not set a user agent.
declare const document: unknown;

function bodyOf({ body, text }: CallRequest): { body?: string } {
  if (text !== undefined) return { body: text.content };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function readBody(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === "") return null;
  const type = answer.headers.get("content-type") ?? "";
  if (!type.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MagicFlowError(
      { status: answer.status, code: "BAD_ANSWER", title: "The answer is no JSON", detail: text.slice(0, 200) },
      { cause },
    );
  }
}

function problemError(answer: Response, body: unknown): MagicFlowError {
  const problem = typeof body === "object" && body !== null ? (body as Partial<ProblemDocument>) : {};
  const retryAfter = Number(answer.headers.get("retry-after"));
  return new MagicFlowError({
    ...problem,
    status: answer.status,
    code: problem.code ?? `HTTP_${answer.status}`,
    title: problem.title ?? answer.statusText,
    detail: problem.detail ?? (typeof body === "string" ? body.slice(0, 200) : ""),
    ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfter } : {}),
  });
}

function connectionError(url: string, cause: unknown, signal: AbortSignal | undefined): MagicFlowError {
  const isOurs = signal?.aborted === true;
  const isTimeout = !isOurs && cause instanceof Error && cause.name === "TimeoutError";
  return new MagicFlowError(
    {
      status: 0,
      code: isOurs ? "ABORTED" : isTimeout ? "TIMEOUT" : "CONNECTION_FAILED",
      title: isOurs
        ? "The call was given up"
        : isTimeout
          ? "The server did not answer in time"
          : "The server could not be reached",
      detail: isOurs ? "" : `Expected an answer from ${url}, but: ${reasonOf(cause)}. Is the platform running there?`,
    },
    { cause },
  );
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message;
}

function isWorthRetrying(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Doubles from 100 ms to 10 s, and draws between half and the whole, so that many clients do not come back at once. */
export function delayMs(attempt: number): number {
  const full = Math.min(DELAY_MS_FIRST * 2 ** attempt, DELAY_MS_MAX);
  return full / 2 + (full / 2) * Math.random();
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
