/**
 * Which messages from other shards a shard knows: each stands in the store until the commit that takes it removes it, and may
 * be found there while it is on its way already.
 */

import { Queue } from "./queue.ts";

export interface Mailbox {
  /** False where the message is known: it is decided once. */
  add(id: string): boolean;
  /** Its decision is being written. It is remembered for a while, for a reading of the store may be older than that. */
  take(id: string): void;
  clear(): void;
  /** A message was committed while the shard could not take any: the store is to be asked. */
  isMissing: boolean;
}

/** How many taken messages are remembered: those of the seconds that a reading of the store may take. */
const TAKEN_MAX = 20_000;

export function createMailbox(): Mailbox {
  const known = new Set<string>();
  let taken = new Queue<string>();
  return {
    isMissing: false,
    add(id) {
      if (known.has(id)) return false;
      known.add(id);
      return true;
    },
    take(id) {
      taken.push(id);
      if (taken.length <= TAKEN_MAX) return;
      const oldest = taken.take();
      if (oldest !== undefined) known.delete(oldest);
    },
    clear() {
      known.clear();
      taken = new Queue();
    },
  };
}
