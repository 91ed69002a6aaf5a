/** How long a caller is willing to wait: by the query, or by the `Prefer` header (RFC 7240). */

import type { IncomingHttpHeaders } from "node:http";
import { parseDuration } from "../core/base/duration.ts";
import { WAIT_SECONDS_MAX } from "../core/protocol/message.ts";

const WAIT_MS_MAX = WAIT_SECONDS_MAX * 1000;

export type Wait =
  | { readonly ok: true; readonly ms: number; readonly isPreferred: boolean }
  | { readonly ok: false; readonly detail: string };

export function waitMsOf(query: string | number | undefined, headers: IncomingHttpHeaders, otherwiseMs: number): Wait {
  if (query !== undefined) {
    const ms = parseDuration(query);
    if (ms !== null && ms <= WAIT_MS_MAX) return { ok: true, ms, isPreferred: false };
    return {
      ok: false,
      detail: `Expected wait to be a duration of at most ${WAIT_SECONDS_MAX}s, but met ${JSON.stringify(query)}.`,
    };
  }
  const { prefer } = headers;
  if (typeof prefer === "string") {
    // A preference that goes too far is met as far as it can be.
    const seconds = /(?:^|[,;\s])wait=(\d{1,9})(?:$|[,;\s])/.exec(prefer)?.[1];
    if (seconds !== undefined)
      return { ok: true, ms: Math.min(Number(seconds) * 1000, WAIT_MS_MAX), isPreferred: true };
    if (/(?:^|[,;\s])respond-async(?:$|[,;\s])/.test(prefer)) return { ok: true, ms: 0, isPreferred: false };
  }
  return { ok: true, ms: otherwiseMs, isPreferred: false };
}
