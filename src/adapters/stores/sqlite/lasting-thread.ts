/**
 * A thread that outlives its own death. What kills a thread (no memory left, a bug) has lost what was asked of it, and
 * whoever asked hears so; the next call finds a new thread, which has opened everything again.
 *
 *     running ──dies──► dead ──call──► opening ──► running
 *                        ▲                └── cannot open: that call is rejected, the next one tries again
 *                        └────────────────┘
 */

import { StoreError } from "../../../ports/store.ts";
import type { Calls, Thread } from "./channel.ts";

export function createLastingThread<C extends Calls>(
  start: () => Thread<C>,
): Pick<Thread<C>, "open" | "call" | "close"> {
  let current = start();
  let opening: Promise<void> | null = null;
  let isClosed = false;

  /** Its locks are free once the old one has ended, and not before. */
  async function replace(): Promise<void> {
    await current.ended;
    if (isClosed) throw new StoreError("gone", "Expected an open store, but this one is closed.");
    const next = start();
    current = next;
    await next.open();
  }

  return {
    open: () => current.open(),

    call(name, parameters, transfer) {
      if (current.isDead && !isClosed) {
        opening ??= replace().finally(() => {
          opening = null;
        });
      }
      const ask = () => current.call(name, parameters, transfer);
      return opening === null ? ask() : opening.then(ask);
    },

    async close() {
      isClosed = true;
      await opening?.catch(() => {});
      await current.close();
    },
  };
}
