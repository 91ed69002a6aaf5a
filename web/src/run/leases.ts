/** Who works on what right now: the one thing that is not in the history. */

import type { ExplanationMessage } from "../../../src/core/protocol/explanations.ts";

export interface Lease {
  readonly since: number;
  /** From 0 to 1, as its executor says; null where it says nothing. */
  readonly progress: number | null;
}

export type Leases = ReadonlyMap<string, Lease>;

export function leasesOf(explanation: ExplanationMessage | undefined): Leases {
  const leases = new Map<string, Lease>();
  for (const { kind, path, since, details } of explanation?.waits ?? []) {
    if (kind !== "running" || path === null || since === null) continue;
    const progress = details["progress"];
    leases.set(path, { since: Date.parse(since), progress: typeof progress === "number" ? progress : null });
  }
  return leases;
}
