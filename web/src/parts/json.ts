/** Values compared as data: the order of members does not matter. */

import { canonicalJson, type Json } from "../../../src/core/base/json.ts";

export function equalJson(a: Json, b: Json): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
