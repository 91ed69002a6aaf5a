/**
 * What a step wants to send, read from its evaluated fields: where to, how, and with which proofs of who sends it.
 *
 *     {url | service + endpoint, method, headers, query, body, input, auth, ...} ──► HttpRequest, or what is wrong with it
 *
 * Everything here may be made of data that strangers sent. What is not plainly a request is refused, before anything is
 * connected.
 */

import type { Json, JsonObject } from "../../../core/base/json.ts";
import { isObject, member, typeName } from "../../../core/base/json.ts";
import { quote } from "../../../core/base/text.ts";
import { readAuth } from "./auth.ts";
import { BadRequest } from "./bad-request.ts";
import { type Body, toBody } from "./body.ts";
import { type Headers, readHeaders } from "./headers.ts";
import { addressOfService, type HttpService } from "./services.ts";
import { parseUrl, takeUserInfo } from "./url.ts";

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | null;
  readonly expected: readonly StatusRange[];
  /** Of the service; null: none of its own. */
  readonly timeoutMs: number | null;
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Their input goes into the query: they have no body of their own. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

const FINE: readonly StatusRange[] = [{ from: 200, to: 299 }];

export function readRequest(
  fields: Json,
  context: { readonly services: ReadonlyMap<string, HttpService>; readonly idempotencyKey: string },
): HttpRequest {
  if (!isObject(fields))
    throw new BadRequest(`Expected a request to be an object, but it is of type ${typeName(fields)}.`);
  const service = serviceOf(fields, context.services);
  const url = service === null ? readUrl(fields) : addressOfService(service, textOf(fields, "endpoint") ?? "");
  const body = member(fields, "body");
  const input = member(fields, "input");
  const method = methodOf(fields, body !== undefined || input !== undefined);
  const isQuery = body === undefined && input !== undefined && WITHOUT_BODY.has(method);
  addQuery(url, isQuery ? (input ?? null) : null, "input");
  addQuery(url, member(fields, "query") ?? null, "query");

  const own = readHeaders(member(fields, "headers"));
  const sent = body ?? (isQuery ? undefined : input);
  const payload: Body | null =
    sent === undefined ? null : toBody(sent, own["content-type"] ?? service?.headers["content-type"]);
  const fromUrl = takeUserInfo(url);
  const headers = readHeaders({
    accept: "*/*",
    "user-agent": "magicflow",
    "idempotency-key": textOf(fields, "idempotency_key") ?? context.idempotencyKey,
    ...(payload === null ? {} : { "content-type": payload.type }),
    ...service?.headers,
    ...authOf(fields, service?.auth ?? fromUrl),
    ...own,
  });
  return {
    url,
    method,
    headers,
    body: payload?.bytes ?? null,
    expected: expectedOf(member(fields, "expect_status")),
    timeoutMs: service?.timeoutMs ?? null,
  };
}

function serviceOf(fields: JsonObject, services: ReadonlyMap<string, HttpService>): HttpService | null {
  const name = textOf(fields, "service");
  if (name === null) return null;
  const service = services.get(name);
  if (service === undefined)
    throw new BadRequest(`Expected service ${quote(name)} to be configured under \`services\`, but it is not.`);
  return service;
}

function readUrl(fields: JsonObject): URL {
  const text = textOf(fields, "url");
  if (text === null)
    throw new BadRequest("Expected a request to have a `url`, or a `service` and an `endpoint`, but it has neither.");
  return parseUrl(text);
}

function methodOf(fields: JsonObject, hasContent: boolean): string {
  const method = textOf(fields, "method")?.toUpperCase() ?? (hasContent ? "POST" : "GET");
  if (!METHODS.has(method))
    throw new BadRequest(`Expected \`method\` to be one of ${[...METHODS].join(", ")}, but it is ${quote(method)}.`);
  return method;
}

function addQuery(url: URL, parameters: Json, field: string): void {
  if (parameters === null) return;
  if (!isObject(parameters)) {
    throw new BadRequest(
      `Expected \`${field}\` to be an object of query parameters, but it is of type ${typeName(parameters)}.`,
    );
  }
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
      if (one !== null) url.searchParams.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
}

function authOf(fields: JsonObject, otherwise: Headers): Headers {
  const auth = member(fields, "auth");
  return auth === undefined || auth === null ? otherwise : readAuth(auth);
}

function expectedOf(ranges: Json | undefined): readonly StatusRange[] {
  if (!Array.isArray(ranges)) return FINE;
  const parsed = ranges.flatMap((range: Json) => {
    if (!isObject(range)) return [];
    const from = member(range, "from");
    const to = member(range, "to");
    return typeof from === "number" && typeof to === "number" ? [{ from, to }] : [];
  });
  return parsed.length === 0 ? FINE : parsed;
}

function textOf(fields: JsonObject, name: string): string | null {
  const value = member(fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new BadRequest(`Expected \`${name}\` to be text, but it is of type ${typeName(value)}.`);
}
