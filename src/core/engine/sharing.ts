/**
 * What an execution says to the records that it shares with others. The records themselves (circuit breakers, the slots of
 * a concurrency limit) live in `core/shared`; what they say to an execution are ordinary commands.
 */

import type { Instant } from "../base/time.ts";

export type SharedKindName = "breaker" | "slots" | "debounce" | "rate";

/** Which record: unique in its workspace. */
export interface SharedPlace {
  readonly kind: SharedKindName;
  readonly key: string;
}

/** What an execution has to get before it may run, as histories keep it. */
export interface SlotNeed {
  /** `slots`: one of `limit`. `debounce`: the end of the quiet time after the last start of its key. */
  readonly kind: "slots" | "debounce";
  readonly key: string;
  /** How many may hold a slot at a time. Each who asks brings it along: a new version may have another. */
  readonly limit: number;
  readonly on_limit: OnLimit;
}

export type OnLimit = "queue" | "drop" | "cancel_oldest" | "reject";

/** The key of the slots that all executions of the platform share; it stands in no workspace, and no workflow is called so. */
export const PLATFORM_SLOTS = "*";

/** From an execution to what it needs before it may run. */
export type SlotsMessage =
  | {
      readonly kind: "Acquire";
      readonly executionId: string;
      /** Which time it asks: what is granted for an earlier one is not taken for this. */
      readonly turn: number;
      readonly limit: number;
      readonly onLimit: OnLimit;
      readonly priority: number;
      /** Since when it waits: its place in the line follows from this and its priority. */
      readonly since: Instant;
    }
  /** It does not need its slot, or its place in the line, any more. */
  | { readonly kind: "Release"; readonly executionId: string };
