/**
 * Every committed event of an execution, once and in order, to one reader.
 *
 *     subscribe ──► read the store until nothing is left ──► live
 *                        ▲                                    │
 *                        └── something may have been missed ──┘
 *
 * While the store is read, live events need not be kept: that there were some is enough, for the store has them. Once
 * live, a reader that does not keep up is let go of when it is 1 MiB behind; it comes back with the number it has.
 */

import type { EventPack } from "../ports/store.ts";
import type { Loop } from "./loop.ts";
import { hasEnded } from "./rows.ts";
import type { Subscriber } from "./subscriptions.ts";

const BEHIND_CHARACTERS_MAX = 1024 * 1024;
const READ_BYTES = 256 * 1024;

export interface FollowRequest {
  readonly executionId: string;
  readonly afterSeq: number;
  readonly signal: AbortSignal;
}

export async function* follow(loop: Loop, { executionId, afterSeq, signal }: FollowRequest): AsyncGenerator<EventPack> {
  const feed = new Feed();
  const unsubscribe = loop.subscriptions.add(executionId, feed);
  const abort = () => feed.close();
  signal.addEventListener("abort", abort);
  let sent = afterSeq;
  try {
    while (!feed.isClosed && !signal.aborted) {
      feed.startOver();
      // The row is read before the events: if it has ended, all of its events are there to be read.
      const row = await loop.store.readExecution(executionId);
      if (row === null) return;
      for (;;) {
        if (feed.isClosed || signal.aborted) return;
        const packs = await loop.store.readHistory({ executionId, afterSeq: sent, bytesMax: READ_BYTES });
        if (packs.length === 0) break;
        for (const pack of packs) {
          if (signal.aborted) return;
          yield pack;
          sent = pack.lastSeq;
        }
      }
      if (hasEnded(row.status)) {
        // It may have been re-opened while its events were read; then the reader has only a part of what follows.
        const after = await loop.store.readExecution(executionId);
        if (after?.finishedAt === row.finishedAt) return;
        continue;
      }
      feed.goLive(sent);
      for (let heard = await feed.next(); heard !== null; heard = await feed.next()) {
        // Never a gap: what lies between is in the store.
        if (heard.pack.firstSeq > sent + 1) break;
        if (heard.pack.lastSeq > sent) {
          yield heard.pack;
          sent = heard.pack.lastSeq;
        }
        if (heard.isLast) return;
      }
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", abort);
  }
}

interface Heard {
  readonly pack: EventPack;
  readonly isLast: boolean;
}

/** What has come in live and is not read yet. */
class Feed implements Subscriber {
  isClosed = false;
  private isLive = false;
  private mustLook = false;
  /** Of what came in while the store was read, the number of the newest, and whether it was the last. */
  private newestSeq = 0;
  private readonly heard: Heard[] = [];
  private characters = 0;
  private wake: (() => void) | null = null;

  startOver(): void {
    this.isLive = false;
    this.mustLook = false;
    this.newestSeq = 0;
    this.heard.length = 0;
    this.characters = 0;
  }

  /** What was missed while the store was read sends the reader there once more. */
  goLive(sent: number): void {
    this.isLive = true;
    if (this.newestSeq > sent) this.mustLook = true;
  }

  hear(pack: EventPack, isLast: boolean): void {
    if (this.isClosed) return;
    if (!this.isLive) {
      this.newestSeq = pack.lastSeq;
      if (isLast) this.mustLook = true;
      return;
    }
    this.heard.push({ pack, isLast });
    this.characters += pack.text.length;
    if (this.characters > BEHIND_CHARACTERS_MAX && this.heard.length > 1) this.close();
    this.wake?.();
  }

  lookAgain(): void {
    this.mustLook = true;
    this.wake?.();
  }

  close(): void {
    this.isClosed = true;
    this.heard.length = 0;
    this.wake?.();
  }

  /** Null: look into the store again, or stop if the feed is closed. */
  async next(): Promise<Heard | null> {
    while (this.heard.length === 0 && !this.mustLook && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
    if (this.mustLook || this.isClosed) return null;
    const first = this.heard.shift() ?? null;
    if (first !== null) this.characters -= first.pack.text.length;
    return first;
  }
}
