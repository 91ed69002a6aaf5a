/**
 * Stored events on their way out: cut at their newlines and copied, never parsed. A pack is one write of an execution; its
 * text has one event in each line, and its numbers say which.
 */

import { assert } from "../core/base/bug.ts";
import type { HistoryEvent } from "../core/engine/events.ts";
import type { Host } from "../host/host.ts";
import type { EventPack } from "../ports/store.ts";

export interface EventText {
  readonly seq: number;
  readonly text: string;
}

export function* eventTexts(pack: EventPack, afterSeq: number): Iterable<EventText> {
  let seq = pack.firstSeq;
  let start = 0;
  while (start < pack.text.length) {
    const newline = pack.text.indexOf("\n", start);
    const end = newline === -1 ? pack.text.length : newline;
    if (seq > afterSeq) yield { seq, text: pack.text.slice(start, end) };
    seq += 1;
    start = end + 1;
  }
  assert(seq === pack.lastSeq + 1, `a pack of events ${pack.firstSeq} to ${pack.lastSeq} to have as many lines`);
}

/** Each event begins with its number and its type, so the first `type` is its own. */
export function typeOfEvent(text: string): string {
  return /"type":"(\w+)"/.exec(text)?.[1] ?? "message";
}

export function parseEvent({ text }: Pick<EventText, "text">): HistoryEvent {
  return JSON.parse(text) as HistoryEvent;
}

/** One answer with events is as long as this at most, and one event longer. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Most events are shorter: of a long history no more is read than the page needs. */
const EVENT_BYTES = 1024;

export interface EventPage {
  readonly events: readonly EventText[];
  /** More events are there already. */
  readonly hasMore: boolean;
}

/** Null: no such execution. */
export async function readPage(
  host: Host,
  request: { workspace: string; executionId: string; afterSeq: number; limit: number },
): Promise<EventPage | null> {
  const { limit, ...place } = request;
  const events: EventText[] = [];
  let bytes = 0;
  for (let afterSeq = request.afterSeq; ; ) {
    const bytesMax = Math.min(PAGE_BYTES_MAX, (limit - events.length + 1) * EVENT_BYTES);
    const packs = await host.readHistory({ ...place, afterSeq, bytesMax });
    if (packs === null) return null;
    if (packs.length === 0) return { events, hasMore: false };
    for (const pack of packs) {
      for (const event of eventTexts(pack, afterSeq)) {
        if (events.length === limit || bytes > PAGE_BYTES_MAX) return { events, hasMore: true };
        events.push(event);
        bytes += event.text.length;
        afterSeq = event.seq;
      }
    }
  }
}

/** The last event there is; null: no such execution, or nothing has happened in it. */
export async function readLastEvent(
  host: Host,
  place: { workspace: string; executionId: string },
): Promise<EventText | null> {
  const { events } = await host.measureHistory(place.executionId);
  const packs = await host.readHistory({ ...place, afterSeq: events - 1, bytesMax: 1 });
  const last = packs?.at(-1);
  return last === undefined ? null : ([...eventTexts(last, last.lastSeq - 1)].at(-1) ?? null);
}
