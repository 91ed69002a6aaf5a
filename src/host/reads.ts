/** Questions about one execution. The store answers all of them; memory only says whether to wait a moment before. */

import type { EventPack, ExecutionRow } from "../ports/store.ts";
import { type FollowRequest, follow } from "./follow.ts";
import type { HeardEnd } from "./host.ts";
import { type Loop, residentOf } from "./loop.ts";
import { hasEnded } from "./rows.ts";
import type { Subscriber } from "./subscriptions.ts";

/** A read waits this long for the write in flight, and then shows what is on disk. */
const WRITE_MS_MAX = 250;

export interface Place {
  readonly workspace: string;
  readonly executionId: string;
}

/** Null also for an execution of another workspace: who asks must not learn that it is there. */
export async function readRow(loop: Loop, { workspace, executionId }: Place): Promise<ExecutionRow | null> {
  await writeInFlight(loop, executionId);
  const row = await loop.store.readExecution(executionId);
  return row?.workspace === workspace ? row : null;
}

export async function readHistory(
  loop: Loop,
  request: Place & { afterSeq: number; bytesMax: number },
): Promise<readonly EventPack[] | null> {
  const { executionId, afterSeq, bytesMax } = request;
  if ((await readRow(loop, request)) === null) return null;
  return await loop.store.readHistory({ executionId, afterSeq, bytesMax });
}

export async function followExecution(
  loop: Loop,
  request: Place & FollowRequest,
): Promise<AsyncIterable<EventPack> | null> {
  return (await readRow(loop, request)) === null ? null : follow(loop, request);
}

/** Subscribes first and asks the store then, so that an end in between is not missed. */
export async function waitForEnd(
  loop: Loop,
  request: Place & { timeoutMs: number; signal: AbortSignal; heard?: (end: HeardEnd) => void },
): Promise<boolean> {
  const { executionId, timeoutMs, signal } = request;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const look = () => {
    readRow(loop, request).then(
      (row) => {
        if (row === null || hasEnded(row.status)) resolve(row !== null);
      },
      () => {
        // The store is away; the end will be heard live, or the time will be over.
      },
    );
  };
  const subscriber: Subscriber = {
    hear(pack, isLast) {
      if (!isLast) return;
      const row = committedRow(loop, executionId);
      if (row !== null && row.workspace === request.workspace)
        request.heard?.({ row, event: pack.text.slice(pack.text.lastIndexOf("\n") + 1) });
      resolve(true);
    },
    lookAgain: look,
    close: () => resolve(false),
  };
  const unsubscribe = loop.subscriptions.add(executionId, subscriber);
  const cancel = loop.clock.after(timeoutMs, () => resolve(false));
  const abort = () => resolve(false);
  signal.addEventListener("abort", abort);
  if (signal.aborted) resolve(false);
  // What is in memory and has not ended will be heard of; only of what is not does the store know more.
  const resident = residentOf(loop, executionId);
  const isAwaited = resident !== null && resident.row.workspace === request.workspace && !hasEnded(resident.row.status);
  if (!isAwaited) look();
  try {
    return await promise;
  } finally {
    unsubscribe();
    cancel();
    signal.removeEventListener("abort", abort);
  }
}

/** Of an execution that has ended; null where something of it is not on disk yet, and where it is not in memory. */
function committedRow(loop: Loop, executionId: string): ExecutionRow | null {
  const resident = residentOf(loop, executionId);
  return resident !== null && resident.pending === 0 && hasEnded(resident.row.status) ? resident.row : null;
}

async function writeInFlight(loop: Loop, executionId: string): Promise<void> {
  const resident = residentOf(loop, executionId);
  if (resident === null || resident.pending === 0 || resident.lastPart === null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = loop.clock.after(WRITE_MS_MAX, resolve);
  await Promise.race([resident.lastPart.batch.done, promise]);
  cancel();
}
