/** JSON Schema 2020-12 as users write it, compiled. Stub of the contract: see `parseSchema` below. */

import type { Json, JsonObject } from "../base/json.ts";

export interface Schema {
  /** The normalised schema (`required: true` on a property moved to the parent), for pages and generators. */
  readonly source: JsonObject | boolean;
  /** Every violation, with the JSON pointer of the value that breaks the rule; empty if the value fits. */
  check(value: Json): readonly Violation[];
  /** A copy of `value` in which missing members that have a `default` are filled in (at any depth). */
  withDefaults(value: Json): Json;
  /** Names of the properties at the top; null where the schema names none. */
  readonly propertyNames: readonly string[] | null;
}

export interface Violation {
  /** JSON pointer: `/items/0/price`; the empty string is the value itself. */
  readonly pointer: string;
  readonly message: string;
}
