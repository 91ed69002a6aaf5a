/** Request headers, checked before they come near a socket: names in lower case, values that fit on one line. */

import { isObject, type Json, typeName } from "../../../core/base/json.ts";
import { quote } from "../../../core/base/text.ts";
import { BadRequest } from "./bad-request.ts";

export type Headers = Readonly<Record<string, string>>;

/** These say how the message itself is sent. Whoever sets them could smuggle a second request behind the first. */
const OURS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What goes along when a redirect leads to another origin. Any other header may prove who sent it. */
const HARMLESS: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-language",
  "content-type",
  "idempotency-key",
  "user-agent",
]);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Tab, and all that prints in Latin-1: what Node sends as it is. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const COUNT_MAX = 100;
/** Servers take 8 to 16 KiB for all of them. */
const LENGTH_MAX = 32_768;

export function readHeaders(fields: Json | undefined): Headers {
  if (fields === undefined || fields === null) return {};
  if (!isObject(fields))
    throw new BadRequest(`Expected \`headers\` to be an object, but it is of type ${typeName(fields)}.`);
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(fields))
    if (value !== null) headers.set(nameOf(name), lineOf(name, value));
  if (headers.size > COUNT_MAX)
    throw new BadRequest(`Expected at most ${COUNT_MAX} headers, but there are ${headers.size}.`);
  const length = [...headers].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length > LENGTH_MAX)
    throw new BadRequest(`Expected all headers to be at most ${LENGTH_MAX} bytes long, but they are ${length}.`);
  return Object.fromEntries(headers);
}

/** Without whatever proves who sends it: for another origin. */
export function harmless(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.has(name)));
}

function nameOf(name: string): string {
  if (!NAME.test(name))
    throw new BadRequest(`Expected a header's name to be letters, digits and hyphens, but met ${quote(name)}.`);
  const lower = name.toLowerCase();
  if (OURS.has(lower))
    throw new BadRequest(`Expected header ${quote(name)} to be left to the platform, but the step sets it.`);
  return lower;
}

function lineOf(name: string, value: Json): string {
  if (typeof value === "object")
    throw new BadRequest(`Expected header ${quote(name)} to be text, but it is of type ${typeName(value)}.`);
  const text = String(value).trim();
  // The value may be a secret, so it is not quoted.
  if (!VALUE.test(text))
    throw new BadRequest(`Expected header ${quote(name)} to be one line of Latin-1 text, but it has other characters.`);
  return text;
}
