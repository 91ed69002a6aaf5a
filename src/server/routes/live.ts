/** The changes of a workspace, to whoever keeps the connection open. */

import type { ServerResponse } from "node:http";
import { EXECUTION_STATUSES } from "../../core/protocol/executions.ts";
import { type LiveQuery, streamWorkspace } from "../../core/protocol/live.ts";
import type { LiveEntry, LiveFeed, LiveKind } from "../../host/insight/live-feed.ts";
import { problem } from "../answer.ts";
import { beat, openStream } from "../sse.ts";
import type { RouteContext } from "./context.ts";

const BEHIND_BYTES_MAX = 1024 * 1024;

const KINDS: readonly LiveKind[] = ["execution", "workflow", "executor"];

export function bindLive({ binder, insight: { live }, clock }: RouteContext): void {
  binder.bind(streamWorkspace, (call) => {
    const { query, workspace, headers, requestId, response } = call;
    const unknown = unknownOf(query);
    if (unknown !== null) return problem("BAD_REQUEST", unknown.detail, [unknown]);
    const isWanted = filterOf(query);
    const given = headers["last-event-id"];
    const lastId = typeof given === "string" && given !== "" ? given : (query.after ?? null);
    openStream(response, { "x-request-id": requestId, "x-content-type-options": "nosniff" });
    const send = (entries: readonly LiveEntry[]) => write(response, live, entries.filter(isWanted));
    const unwatch = live.watch({ workspace, hear: send });
    // Between the two nothing can happen: what is kept is sent first, and what comes next is heard.
    if (lastId !== null) {
      const missed = missedSince(live, lastId);
      if (missed === null) response.write(`id: ${live.epoch}-${live.last}\nevent: reset\ndata: {}\n\n`);
      else send(missed.filter((entry) => entry.workspace === workspace));
    } else response.write(`id: ${live.epoch}-${live.last}\nevent: ready\ndata: {}\n\n`);
    const stopHeartbeat = beat(response, clock);
    const end = () => {
      unwatch();
      stopHeartbeat();
      if (!response.destroyed) response.end();
    };
    call.signal().addEventListener("abort", end, { once: true });
    return { kind: "taken" };
  });
}

/** A reader that does not read is cut off: he comes back with the number he has. */
function write(response: ServerResponse, { epoch }: LiveFeed, entries: readonly LiveEntry[]): void {
  if (entries.length === 0 || response.destroyed) return;
  let text = "";
  for (const { number, kind, text: data } of entries)
    text += `id: ${epoch}-${number}\nevent: ${kind}\ndata: ${data}\n\n`;
  response.write(text);
  if (response.writableLength > BEHIND_BYTES_MAX) response.destroy();
}

function missedSince(live: LiveFeed, id: string): readonly LiveEntry[] | null {
  const dash = id.lastIndexOf("-");
  const number = Number(id.slice(dash + 1));
  if (id.slice(0, dash) !== live.epoch || !Number.isSafeInteger(number)) return null;
  return live.after(number);
}

function filterOf({ workflow, status, kinds, roots }: LiveQuery): (entry: LiveEntry) => boolean {
  const wantedKinds = kinds === undefined ? null : new Set(kinds.split(","));
  const statuses = status === undefined ? null : new Set(status.split(","));
  return (entry) =>
    (wantedKinds === null || wantedKinds.has(entry.kind)) &&
    (workflow === undefined || entry.workflow === workflow) &&
    (statuses === null || entry.kind !== "execution" || statuses.has(entry.status ?? "")) &&
    (roots !== true || entry.parentId === null);
}

function unknownOf({ status, kinds }: LiveQuery): { pointer: string; detail: string } | null {
  const statuses: readonly string[] = EXECUTION_STATUSES;
  const badStatus = status?.split(",").find((one) => !statuses.includes(one));
  if (badStatus !== undefined) return told("query/status", "statuses", statuses, badStatus);
  const badKind = kinds?.split(",").find((one) => !(KINDS as readonly string[]).includes(one));
  return badKind === undefined ? null : told("query/kinds", "kinds", KINDS, badKind);
}

function told(pointer: string, what: string, known: readonly string[], found: string) {
  return { pointer, detail: `Expected ${what} of ${known.join(", ")}, but one is ${JSON.stringify(found)}.` };
}
