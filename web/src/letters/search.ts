/** What the address of the dead letters says. */

import type { LettersFilter } from "../../../src/core/protocol/dead-letters.ts";

export interface LettersSearch {
  readonly kind?: "execution" | "message";
  readonly workflow?: string;
  readonly error?: string;
  readonly text?: string;
  /** The letter that is shown beside. */
  readonly letter?: string;
}

export function parseLettersSearch(search: Readonly<Record<string, unknown>>): LettersSearch {
  const kind = search["kind"];
  const found: { [name: string]: string } = {};
  for (const name of ["workflow", "error", "text", "letter"]) {
    const value = search[name];
    if (value !== undefined && value !== null && value !== "" && typeof value !== "object") found[name] = String(value);
  }
  return { ...found, ...(kind === "execution" || kind === "message" ? { kind } : {}) };
}

export function toLettersFilter({ kind, workflow, error, text }: LettersSearch): LettersFilter {
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(error === undefined ? {} : { error_code: error }),
    ...(text === undefined ? {} : { text }),
  };
}
