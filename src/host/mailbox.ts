/**
 * Which messages from other shards a shard knows: each stands in the store until the commit that takes it removes it, and may
 * be found there while it is on its way already.
 *
 *     brought ──────────────────► add ──► decided ──► removed by a commit: forgotten
 *        └─ while the store is read: kept back, for what is found there was sent before it
 */

import type { MessageBody } from "./item.ts";

export interface Mailbox {
  /** False where the message is known: it is decided once. */
  add(id: string): boolean;
  /** The commit that took it is on disk. It is remembered while a reading of the store may be older than that. */
  forget(id: string): void;
  clear(): void;
  /** A message was committed while the shard could not take any: the store is to be asked. */
  isMissing: boolean;
  /** What has been brought since a reading of the store began; null while none is under way. */
  keptBack: KeptBack[] | null;
}

export interface KeptBack {
  readonly id: string;
  readonly body: MessageBody;
}

export function createMailbox(): Mailbox {
  const known = new Set<string>();
  let taken: string[] = [];
  return {
    isMissing: false,
    keptBack: null,
    add(id) {
      if (known.has(id)) return false;
      known.add(id);
      return true;
    },
    forget(id) {
      if (this.keptBack !== null) {
        taken.push(id);
        return;
      }
      known.delete(id);
      for (const earlier of taken) known.delete(earlier);
      taken = [];
    },
    clear() {
      known.clear();
      taken = [];
      this.keptBack = null;
    },
  };
}
