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

export function parseEvent({ text }: EventText): HistoryEvent {
  return JSON.parse(text) as HistoryEvent;
}

/** One answer with events is as long as this at most, and one event longer. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

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
    const packs = await host.readHistory({ ...place, afterSeq, bytesMax: PAGE_BYTES_MAX });
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

/** The first read covers most executions whole. */
const FIRST_READ_BYTES = 64 * 1024;

/** The last event there is; null: no such execution, or nothing has happened in it. */
export async function readLastEvent(
  host: Host,
  place: { workspace: string; executionId: string },
): Promise<EventText | null> {
  // The number of the last event is written nowhere. Strides that double until they miss, then halve, find it in few reads.
  let last: EventPack | null = null;
  let stride = 0;
  for (let step: "first" | "growing" | "shrinking" = "first"; ; ) {
    const packs: readonly EventPack[] | null = await host.readHistory({
      ...place,
      afterSeq: (last?.lastSeq ?? 0) + stride,
      bytesMax: step === "first" ? FIRST_READ_BYTES : 1,
    });
    const found = packs?.at(-1);
    if (found === undefined) {
      if (stride === 0) break;
      step = "shrinking";
      stride = Math.floor(stride / 2);
    } else {
      last = found;
      if (step === "growing") stride = Math.max(1, stride * 2);
      if (step === "shrinking") stride = Math.floor(stride / 2);
      if (step === "first") step = "growing";
    }
  }
  if (last === null) return null;
  return [...eventTexts(last, last.lastSeq - 1)].at(-1) ?? null;
}
