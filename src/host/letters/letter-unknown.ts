import type { Refusal } from "../refusal.ts";

export function letterUnknown(id: string): Refusal {
  return { code: "DEAD_LETTER_NOT_FOUND", message: `Expected a dead letter "${id}", but there is none.` };
}
