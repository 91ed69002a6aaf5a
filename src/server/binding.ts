/**
 * Ties a declared route to its handler. What every request goes through is here, once:
 *
 *     let in? ──► parameters and query fit? ──► read the body ──► does it fit? ──► handler ──► write the answer
 *
 * A handler gets values of the types that the route's schemas promise, and gives an answer back; it never sees a reply.
 */

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ProblemError } from "../core/protocol/problems.ts";
import { PROBLEMS } from "../core/protocol/problems.ts";
import type { Route } from "../core/protocol/route.ts";
import type { AnyRoute } from "../core/protocol/routes.ts";
import { type AccessConfig, admit } from "./access.ts";
import type { Answer } from "./answer.ts";
import { type BodyLimits, readBody } from "./body.ts";
import { problemHeaders, type Trouble, toProblem, trouble, troubleOfError } from "./problems.ts";
/** A request that has been let in and fits its route. */
import type { Throttle } from "./throttle.ts";
import { createValidator } from "./validation.ts";
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  /** Undefined where the route needs none and there is none. */
  readonly body: B;
  readonly workspace: string;
  /** Who asks, by name: for the audit. */
  readonly by: string;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** Aborts when the caller goes away, or when the server stops. Made when it is asked for. */
  signal(): AbortSignal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type Handler<P, Q, B> = (call: Call<P, Q, B>) => Answer | Promise<Answer>;

export interface BindingContext {
  readonly access: AccessConfig;
  readonly limits: BodyLimits;
  /** Null: nobody is held back. */
  readonly throttle: Throttle | null;
  /** Aborts when the server stops: whoever waits answers with what there is. */
  readonly draining: AbortSignal;
  /** For the log: what was thrown, and during what. */
  readonly report: (error: unknown, about: string) => void;
}

/** Routes that are bound, so that a table that is not bound whole is noticed at the start. */
export interface Binder {
  bind<P, Q, B>(route: Route<P, Q, B>, handler: Handler<P, Q, B>): void;
  readonly bound: ReadonlySet<string>;
}

export function createBinder(app: FastifyInstance, context: BindingContext): Binder {
  const bound = new Set<string>();
  const callers = createCallers(context.draining);
  return {
    bound,
    bind(route, handler) {
      bound.add(`${route.method} ${route.path}`);
      const serve = createServe(route, handler, context, callers);
      const isStream = Object.values(route.answers).some(({ type }) => type === "text/event-stream");
      const methods = route.method === "GET" && !isStream ? ["GET", "HEAD"] : [route.method];
      app.route({ method: methods, url: toPattern(route.path), handler: serve });
    },
  };
}

/** `{name}` is `:name` to the router, in which a colon of the path itself would have to be doubled. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function createServe<P, Q, B>(
  route: Route<P, Q, B>,
  handler: Handler<P, Q, B>,
  context: BindingContext,
  callers: Callers,
) {
  const params = route.params === null ? null : createValidator(route.params, "path");
  const query = createValidator(route.query ?? NO_QUERY, "query");
  const body =
    route.body === null || route.body.isCheckedByHandler === true ? null : createValidator(route.body.schema, "");

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    try {
      const admission = admit(request.raw, route as AnyRoute, context.access);
      if (!admission.ok) return sendTrouble(request, reply, admission.trouble);
      const held = context.throttle === null ? null : await context.throttle(route.path, admission.caller, reply);
      if (held !== null) return sendTrouble(request, reply, held);
      // What the router gives has no prototype, and is ours to convert in place.
      const unfit = [...(params?.check(request.params, 0) ?? []), ...query.check(request.query, 0)];
      if (unfit.length > 0) return sendTrouble(request, reply, unfitRequest(unfit));
      let content: unknown;
      if (route.body !== null) {
        const read = await readBody(request.raw, route.body, context.limits);
        content = read.value;
        if (content === undefined && route.body.isRequired) return sendTrouble(request, reply, NO_BODY);
        const wrong = content === undefined || body === null ? [] : body.check(content, read.bytes);
        if (wrong.length > 0) return sendTrouble(request, reply, unfitRequest(wrong));
      }
      const answer = await handler({
        params: request.params as P,
        query: request.query as Q,
        body: content as B,
        workspace: admission.caller.workspace,
        by: admission.caller.name,
        headers: request.headers,
        requestId: request.id,
        signal: () => callers.signalOf(request.raw, reply.raw),
        request: request.raw,
        response: reply.raw,
      });
      return send(request, reply, answer);
    } catch (error) {
      const found = troubleOfError(error);
      if (found.code === "INTERNAL") context.report(error, `${route.method} ${route.path} (${request.id})`);
      return sendTrouble(request, reply, found);
    }
  };
}

const NO_QUERY = { type: "object", additionalProperties: false };

const NO_BODY: Trouble = trouble("BAD_REQUEST", "Expected a body, but there is none.");

export function unfitRequest(errors: readonly ProblemError[]): Trouble {
  const [first] = errors;
  const place = first === undefined || first.pointer === "" ? "" : `${first.pointer}: `;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return trouble("BAD_REQUEST", `${place}${first?.detail ?? ""}${rest}`, errors);
}

/** One for all: each answer closes its response in the end, and an error of its own would cost more than the signal. */
const GONE = new Error("Expected the caller to be there, but the connection is closed.");

/** Callers whose requests wait for something. */
interface Callers {
  /** Aborts when the caller goes away before it has its answer, or when the server stops. */
  signalOf(request: IncomingMessage, response: ServerResponse): AbortSignal;
}

/** One listener of `draining` for all of them: signals that are made of others cost more than the requests. */
function createCallers(draining: AbortSignal): Callers {
  const waiting = new Set<AbortController>();
  draining.addEventListener("abort", () => {
    for (const caller of waiting) caller.abort(draining.reason);
    waiting.clear();
  });
  return {
    signalOf(request, response) {
      const caller = new AbortController();
      if (draining.aborted) caller.abort(draining.reason);
      else waiting.add(caller);
      // Of the response, not of the request: that one closes as soon as its body has been read.
      response.once("close", () => {
        waiting.delete(caller);
        if (!response.writableFinished) caller.abort(GONE);
      });
      if (request.destroyed && !request.complete) caller.abort(GONE);
      return caller.signal;
    },
  };
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): unknown {
  switch (answer.kind) {
    case "json":
      return write(reply, answer.status, JSON_TYPE, JSON.stringify(answer.body), answer.headers);
    case "text":
      return write(reply, answer.status, answer.type, answer.text, answer.headers);
    case "bytes":
      return write(reply, answer.status, answer.type, answer.bytes, answer.headers);
    case "empty":
      if (answer.headers !== undefined) reply.headers(answer.headers);
      return reply.code(answer.status).send();
    case "problem":
      return sendTrouble(request, reply, answer.trouble);
    case "taken":
      return reply.hijack();
  }
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Straight to the connection: by here everything about the answer is known, and nothing more is to be looked at. */
function write(
  reply: FastifyReply,
  status: number,
  type: string,
  content: string | Uint8Array,
  headers: Readonly<Record<string, string>> | undefined,
): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(status, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    ...headers,
    "content-type": type,
    "content-length": Buffer.byteLength(content),
  });
  raw.end(content);
  return reply;
}

export function sendTrouble(request: FastifyRequest, reply: FastifyReply, found: Trouble): unknown {
  const problem = toProblem(found, { path: pathOf(request.url), requestId: request.id });
  return reply
    .code(PROBLEMS[found.code].status)
    .headers(problemHeaders(found))
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(problem));
}

export function pathOf(url: string): string {
  const question = url.indexOf("?");
  return question === -1 ? url : url.slice(0, question);
}
