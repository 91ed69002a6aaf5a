/**
 * A store whose calls come to an end. A disk that hangs, or a database behind a line that has gone dead, may never answer,
 * and whoever waited for it would wait for ever: a shard for its write, an execution for its history.
 *
 *     call ──► store ──answer──────────────────► answer
 *                 └── nothing for so long ─────► "unknown", and a late answer is not heard
 *
 * Giving up a write is safe: its outcome counts as unknown, the shard takes a new epoch, and should the old write succeed
 * after that, it is refused.
 */

import type { Clock } from "../ports/clock.ts";
import { type Store, StoreError } from "../ports/store.ts";

/** Longer than any disk is busy with others; whoever asks from outside has given up long before. */
const PATIENCE_MS = 30_000;

export function withPatience(store: Store, clock: Clock): Store {
  function limited<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = clock.after(PATIENCE_MS, () => reject(noAnswer()));
      answer.then(
        (value) => {
          stop();
          resolve(value);
        },
        (error: unknown) => {
          stop();
          reject(error);
        },
      );
    });
  }

  const { documents } = store;
  return {
    shards: store.shards,
    acquire: (shard) => limited(store.acquire(shard)),
    append: (batches) => limited(store.append(batches)),
    readHistory: (request) => limited(store.readHistory(request)),
    measureHistory: (executionId) => limited(store.measureHistory(executionId)),
    readSnapshot: (executionId) => limited(store.readSnapshot(executionId)),
    readExecution: (executionId) => limited(store.readExecution(executionId)),
    findExecutions: (query) => limited(store.findExecutions(query)),
    countExecutions: (query) => limited(store.countExecutions(query)),
    findActive: (shard) => limited(store.findActive(shard)),
    findDue: (request) => limited(store.findDue(request)),
    findOver: (query) => limited(store.findOver(query)),
    readOutbox: (shard) => limited(store.readOutbox(shard)),
    findKey: (request) => limited(store.findKey(request)),
    findWaits: (request) => limited(store.findWaits(request)),
    findEvents: (request) => limited(store.findEvents(request)),
    dropEvents: (before) => limited(store.dropEvents(before)),
    dropKeys: (before) => limited(store.dropKeys(before)),
    findTasks: (request) => limited(store.findTasks(request)),
    readShared: (shard) => limited(store.readShared(shard)),
    findShared: (query) => limited(store.findShared(query)),
    documents: {
      get: (place) => limited(documents.get(place)),
      put: (writes) => limited(documents.put(writes)),
      list: (query) => limited(documents.list(query)),
    },
    measure: () => limited(store.measure()),
    check: () => limited(store.check()),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function noAnswer(): StoreError {
  return new StoreError("unknown", `Expected the storage to answer within ${PATIENCE_MS / 1000} s, but it did not.`);
}
