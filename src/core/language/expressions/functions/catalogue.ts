/** Every function of the language by its name. Nothing else can be called. */

import { COLLECTION_FUNCTIONS } from "./collections.ts";
import { DATE_FUNCTIONS } from "./dates.ts";
import { ENCODING_FUNCTIONS } from "./encoding.ts";
import type { FunctionEntry } from "./entry.ts";
import { NUMBER_FUNCTIONS } from "./numbers.ts";
import { STRING_FUNCTIONS } from "./strings.ts";
import { VALUE_FUNCTIONS } from "./values.ts";

export const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map(
  [
    ...STRING_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...COLLECTION_FUNCTIONS,
    ...VALUE_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...ENCODING_FUNCTIONS,
  ].map((entry) => [entry.name, entry]),
);
