/** Every function of the language by its name. */

import type { FunctionEntry } from "./entry.ts";

export const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = new Map();
