/** Who works on what right now: the one thing that is not in the history. */

import type { ExplanationMessage } from "../../../src/core/protocol/explanations.ts";

export type Leases = ReadonlyMap<string, { readonly since: number }>;

export function leasesOf(explanation: ExplanationMessage | undefined): Leases {
  const leases = new Map<string, { readonly since: number }>();
  for (const { kind, path, since } of explanation?.waits ?? []) {
    if (kind === "running" && path !== null && since !== null) leases.set(path, { since: Date.parse(since) });
  }
  return leases;
}
