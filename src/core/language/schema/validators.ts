/**
 * `x-validator`: checks that no keyword of JSON Schema can express.
 *
 *     card:  { type: string, x-validator: luhn_checksum }
 *     email: { type: string, x-validator: email_domain, x-validators: { email_domain: { allowed_domains: [example.com] } } }
 *
 * Parameters stand under `x-validators` by the validator's name, beside `x-validator` or at the root of the schema.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { isObject } from "../../base/json.ts";

export interface Validator {
  /** What is wrong with `text`, to follow "Expected": null if nothing is. */
  expected(text: string, parameters: JsonObject): string | null;
  /** The parameters that it reads: each is a list of strings. */
  readonly parameters: readonly string[];
}

export const VALIDATORS: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["luhn_checksum", { expected: luhnChecksum, parameters: [] }],
  ["e164_phone", { expected: e164Phone, parameters: ["country_codes"] }],
  ["email_domain", { expected: emailDomain, parameters: ["allowed_domains", "blocked_domains"] }],
]);

/** The digit sum behind card numbers; blanks and hyphens between the digits do not count. */
function luhnChecksum(text: string): string | null {
  const digits = text.replaceAll(/[ -]/g, "");
  const wrong = "a number with a valid Luhn check digit";
  if (!/^\d{2,}$/.test(digits)) return wrong;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighed = i % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0 ? null : wrong;
}

function e164Phone(text: string, parameters: JsonObject): string | null {
  if (!/^\+[1-9]\d{1,14}$/.test(text)) return 'a telephone number in international form such as "+4930123456"';
  const codes = textsOf(parameters["country_codes"]).map((code) => code.replace(/^\+?/, "+"));
  if (codes.length === 0 || codes.some((code) => text.startsWith(code))) return null;
  return `a telephone number that begins with ${codes.join(" or ")}`;
}

/** A domain allows and blocks its subdomains too. */
function emailDomain(text: string, parameters: JsonObject): string | null {
  const domain = text.slice(text.lastIndexOf("@") + 1).toLowerCase();
  const isDomain = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/.test(domain);
  if (!text.includes("@") || !isDomain) return 'an e-mail address with a full domain such as "ada@example.com"';
  const under = (parent: string) => domain === parent.toLowerCase() || domain.endsWith(`.${parent.toLowerCase()}`);
  const allowed = textsOf(parameters["allowed_domains"]);
  if (allowed.length > 0 && !allowed.some(under)) return `an e-mail address under ${allowed.join(" or ")}`;
  const blocked = textsOf(parameters["blocked_domains"]).find(under);
  return blocked === undefined ? null : `an e-mail address that is not under ${blocked}`;
}

/** Parameters were checked with the schema; what is not there is an empty list. */
function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** The parameters of validator `name` for a schema that uses it, with the root's as the second place to look. */
export function parametersOf(name: string, schema: JsonObject, root: JsonObject | boolean): JsonObject {
  for (const place of [schema, root]) {
    const all = isObject(place) ? place["x-validators"] : undefined;
    const own = isObject(all) && Object.hasOwn(all, name) ? all[name] : undefined;
    if (isObject(own)) return own;
  }
  return {};
}
