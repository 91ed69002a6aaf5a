/**
 * How many starts of one key are accepted in a time. A start is let through while fewer than `limit` came in the last
 * `period`, evenly renewed: after a burst of all of them one more is let through each `period / limit`.
 */

import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Consequences, Decided, SharedKind } from "./kind.ts";

export interface Rate {
  /** When everything that was taken is renewed; in the past: nothing is taken. */
  renewedAt: number;
}

export type RateCommand =
  | { readonly kind: "Take"; readonly limit: number; readonly periodMs: number }
  | { readonly kind: "Tick" };

export type RateEvent = { readonly type: "RateTaken"; readonly renewedAt: number } | { readonly type: "RateRenewed" };

export interface RateAnswer {
  readonly isTaken: boolean;
  /** How many more would be let through now. */
  readonly remaining: number;
  /** When one more is let through. */
  readonly nextAt: Instant;
}

export const RATE: SharedKind<Rate, RateCommand, RateEvent, RateAnswer> = {
  create: () => ({ renewedAt: 0 }),
  restore: (rate, _member, body) => {
    rate.renewedAt = Number((body as { readonly renewed_at?: Json }).renewed_at ?? 0);
  },
  decide,
  consequencesOf,
  dueAt: ({ renewedAt }) => (renewedAt === 0 ? null : Math.ceil(renewedAt)),
  isIdle: ({ renewedAt }) => renewedAt === 0,
};

/** What is this near to a whole number of starts is one. */
const ROUNDING = 1e-3;

function decide(rate: Rate, command: RateCommand, now: Instant): Decided<RateEvent, RateAnswer> {
  if (command.kind === "Tick") {
    const isRenewed = rate.renewedAt !== 0 && rate.renewedAt <= now;
    if (isRenewed) rate.renewedAt = 0;
    return {
      events: isRenewed ? [{ type: "RateRenewed" }] : [],
      answer: { isTaken: false, remaining: 0, nextAt: now },
    };
  }
  const eachMs = command.periodMs / command.limit;
  // A clock that was set back must not hold starts up for longer than one period.
  const from = Math.min(Math.max(rate.renewedAt, now), now + command.periodMs);
  const renewedAt = from + eachMs;
  // Sums of fractions are not exact; half a millisecond must not cost a start.
  const isTaken = renewedAt - now <= command.periodMs + Math.min(0.5, eachMs / 2);
  if (isTaken) rate.renewedAt = renewedAt;
  const reference = isTaken ? renewedAt : from;
  return {
    events: isTaken ? [{ type: "RateTaken", renewedAt }] : [],
    answer: {
      isTaken,
      remaining: Math.max(0, Math.floor((command.periodMs - (reference - now)) / eachMs + ROUNDING)),
      nextAt: Math.ceil(Math.max(now, reference + eachMs - command.periodMs)),
    },
  };
}

function consequencesOf(_rate: Rate, event: RateEvent): Consequences {
  const body = event.type === "RateTaken" ? { renewed_at: event.renewedAt } : null;
  return { rows: [{ member: "", body }], sends: [] };
}
