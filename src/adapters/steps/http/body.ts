/** The body of a request: JSON, unless it is text or the step names another type. */

import { isObject, type Json } from "../../../core/base/json.ts";

export interface Body {
  readonly bytes: Buffer;
  readonly type: string;
}

export function toBody(value: Json, givenType: string | undefined): Body {
  if (typeof value === "string")
    return { bytes: Buffer.from(value, "utf8"), type: givenType ?? "text/plain; charset=utf-8" };
  if (isForm(givenType) && isObject(value)) return { bytes: Buffer.from(toForm(value), "utf8"), type: givenType ?? "" };
  return { bytes: Buffer.from(JSON.stringify(value), "utf8"), type: givenType ?? "application/json" };
}

function isForm(type: string | undefined): boolean {
  return type?.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
}

function toForm(fields: { readonly [key: string]: Json }): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
      if (one !== null) form.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return form.toString();
}
