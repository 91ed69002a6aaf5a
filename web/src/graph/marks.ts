/** What can be laid over a drawn step, by its id. */

import type { StepStatusWord } from "../../../src/core/protocol/executions.ts";

export interface StepState {
  readonly status: StepStatusWord;
  readonly attempts?: number;
  /** From 0 to 1. */
  readonly progress?: number | null;
  /** Of a loop, in words: `3 of 10`. */
  readonly iterations?: string | null;
}

export type StepChange = "added" | "removed" | "changed";
export type StepProblem = "error" | "warning";

export interface Marks {
  readonly states?: ReadonlyMap<string, StepState>;
  readonly changes?: ReadonlyMap<string, StepChange>;
  readonly problems?: ReadonlyMap<string, StepProblem>;
  /** Steps with pinned data. */
  readonly pinned?: ReadonlySet<string>;
  /** Steps that somebody else has selected, with his name and colour. */
  readonly others?: ReadonlyMap<string, { readonly name: string; readonly colour: string }>;
  /** Letters that a search looks for; steps without them step back. */
  readonly search?: string;
}
