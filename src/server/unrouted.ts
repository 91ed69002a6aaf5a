/** Answers what reaches no route: unknown paths, other methods, requests that are no HTTP. */

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { nearest } from "../core/base/text.ts";
import { PROBLEMS, type ProblemCode } from "../core/protocol/problems.ts";
import { ROUTES } from "../core/protocol/routes.ts";
import { type AccessConfig, admit } from "./access.ts";
import { pathOf, sendTrouble } from "./binding.ts";
import { problemHeaders, type Trouble, toProblem, trouble, troubleOfError } from "./problems.ts";

interface RoutedError extends Error {
  readonly code?: string;
}

/** `error` is null where the router found nothing. */
export function answerUnrouted(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  access: AccessConfig,
): unknown {
  const admission = admit(request.raw, null, access);
  if (!admission.ok) return sendTrouble(request, reply, admission.trouble);
  return sendTrouble(request, reply, error === null ? unknownPlace(request) : troubleOfRouter(error as RoutedError));
}

function unknownPlace({ method, url }: FastifyRequest): Trouble {
  const path = pathOf(url);
  const methods = methodsOf(path);
  if (methods.length > 0) {
    const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
    return {
      ...trouble("METHOD_NOT_ALLOWED", `Expected ${methods.join(" or ")} at ${shown(path)}, but met ${shown(method)}.`),
      headers: { allow: allowed.join(", ") },
    };
  }
  const meant = nearest(
    path,
    [...new Set(ROUTES.map((route) => route.path))].filter((known) => !known.includes("{")),
  );
  return trouble(
    "ROUTE_NOT_FOUND",
    `Expected the path of an operation, but there is nothing at ${shown(path)}.${meant === null ? "" : ` Did you mean ${meant}?`}`,
  );
}

function methodsOf(path: string): readonly string[] {
  const given = path.split("/");
  const methods = ROUTES.filter((route) => {
    const parts = route.path.split("/");
    return (
      parts.length === given.length &&
      parts.every((part, i) => (part.startsWith("{") ? given[i] !== "" : part === given[i]))
    );
  }).map(({ method }) => method);
  return [...new Set(methods)];
}

function troubleOfRouter(error: RoutedError): Trouble {
  switch (error.code) {
    case "FST_ERR_BAD_URL":
    case "FST_ERR_ASYNC_CONSTRAINT":
      return trouble("BAD_REQUEST", "Expected a well-formed path, but its percent-encoding is broken.");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return trouble("URI_TOO_LONG", "Expected shorter names in the path, but one is too long.");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_INVALID_TYPE":
    case "FST_ERR_CTP_EMPTY_TYPE":
      return trouble(
        "UNSUPPORTED_MEDIA_TYPE",
        "Expected a Content-Type such as application/json, but it is no media type.",
      );
    default:
      return troubleOfError(error);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

/** The caller's own id if it is a plain word, else a new one: `prefix` tells processes apart, a number the requests. */
export function createRequestIds(prefix: string): (request: IncomingMessage) => string {
  let count = 0;
  return ({ headers }) => {
    const given = headers["x-request-id"];
    if (typeof given === "string" && /^[A-Za-z0-9_.:-]{1,128}$/.test(given)) return given;
    count += 1;
    return `${prefix}-${count}`;
  };
}

/** What is not HTTP, or not within its bounds, gets a last word before the connection is closed. */
export function answerBadConnection(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [code, detail] = wordsFor(error.code);
  endWithProblem(socket, trouble(code, detail), { path: "", requestId: "" });
}

/** The last word on a connection that no router answers. */
export function endWithProblem(
  socket: Duplex,
  found: Trouble,
  request: { readonly path: string; readonly requestId: string },
  more: Readonly<Record<string, string>> = {},
): void {
  const { status, title } = PROBLEMS[found.code];
  const body = JSON.stringify(toProblem(found, request));
  const headers = {
    ...more,
    ...problemHeaders(found),
    connection: "close",
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join("")}\r\n${body}`);
}

function wordsFor(code: string | undefined): readonly [ProblemCode, string] {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return ["HEADERS_TOO_LARGE", "Expected headers of at most 16 KiB together, but they are longer."];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["REQUEST_TIMEOUT", "Expected the whole request in time, but it did not arrive."];
    default:
      return ["BAD_REQUEST", "Expected a request in HTTP/1.1, but it is not well formed."];
  }
}
