/** `auth` of a step or service, as the header that it becomes. */

import { isObject, type Json, member, typeName } from "../../../core/base/json.ts";
import { quote } from "../../../core/base/text.ts";
import { BadRequest } from "./bad-request.ts";
import { type Headers, readHeaders } from "./headers.ts";

export function readAuth(auth: Json): Headers {
  if (!isObject(auth)) throw new BadRequest(`Expected \`auth\` to be an object, but it is of type ${typeName(auth)}.`);
  const kind = member(auth, "type");
  switch (typeof kind === "string" ? kind.toLowerCase().replaceAll(/[-_\s]/g, "") : kindOf(auth)) {
    case "none":
      return {};
    case "bearer":
      return readHeaders({ authorization: `Bearer ${text(auth, ["token"])}` });
    case "basic": {
      const pair = `${text(auth, ["username", "user"])}:${text(auth, ["password"])}`;
      return { authorization: `Basic ${Buffer.from(pair, "utf8").toString("base64")}` };
    }
    case "apikey":
      return readHeaders({
        [optional(auth, ["header", "name"]) ?? "x-api-key"]: text(auth, ["key", "value", "token"]),
      });
    default:
      throw new BadRequest(
        `Expected the type of \`auth\` to be bearer, basic or api_key, but it is ${quote(String(kind))}.`,
      );
  }
}

/** Which it is when the type is left out. */
function kindOf(auth: { readonly [key: string]: Json }): string | null {
  if (member(auth, "token") !== undefined) return "bearer";
  if (member(auth, "username") !== undefined) return "basic";
  return member(auth, "key") === undefined ? null : "apikey";
}

function text(auth: { readonly [key: string]: Json }, names: readonly [string, ...string[]]): string {
  const value = optional(auth, names);
  if (value === null) throw new BadRequest(`Expected \`auth\` to have a text \`${names[0]}\`, but it has none.`);
  return value;
}

function optional(auth: { readonly [key: string]: Json }, names: readonly string[]): string | null {
  for (const name of names) {
    const value = member(auth, name);
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  return null;
}
