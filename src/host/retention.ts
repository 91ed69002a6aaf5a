/**
 * Removes executions that ended longer ago than they are to be kept.
 *
 *     store: what is over, some at a time ──► shards: removed in a commit of theirs ──► the next ones
 *
 * It goes at the pace of the commits, a bounded number in a second, and rests when it has been through: those who start and
 * work come first. Where something fails it goes on with what is next; the next search finds again what was left.
 */

import type { Instant } from "../core/base/time.ts";
import type { Removal, Tree } from "../ports/store.ts";
import { type Loop, shardOfExecution, submitInternal } from "./loop.ts";
import { type Rule, rulesOf } from "./retention-rules.ts";
import type { Shard } from "./shard.ts";

/** Executions that one call of the store looks at: to remove as many takes some 10 ms, and nobody's write waits longer for it. */
const LOOKS = 50;
/** Calls in a round, and from one round to the next: 2,500 executions a second at most. */
const CALLS = 50;
const ROUND_MS = 1000;
/** After all rules. */
const REST_MS = 60_000;

/** An execution that was started with a key is kept as long as the key may be asked for. */
const KEYS_KEPT_MS = 24 * 3_600_000;

/** Of a tree that is larger, the children go in several commits and their parent with the last. */
const REMOVED_AT_ONCE = 500;

/** Begins a round, where it is time for one. */
export function cleanUp(loop: Loop, now: Instant): void {
  const { cleaning, limits } = loop;
  if (cleaning.isRunning || loop.isStopping || Math.abs(now - cleaning.lookedAt) < cleaning.restMs) return;
  if (rulesOf(limits.retention, now).length === 0) return;
  cleaning.isRunning = true;
  cleaning.lookedAt = now;
  round(loop)
    .then(
      (isThrough) => {
        cleaning.restMs = isThrough ? REST_MS : ROUND_MS;
      },
      (error: unknown) => {
        cleaning.restMs = REST_MS;
        if (!loop.isStopping) loop.report(error, "executions that are over could not be looked for");
      },
    )
    .finally(() => {
      cleaning.isRunning = false;
    });
}

/** Answers whether it has been through all rules. */
async function round(loop: Loop): Promise<boolean> {
  const { cleaning, limits } = loop;
  for (let calls = 0; calls < CALLS && !loop.isStopping; calls++) {
    const rule = rulesOf(limits.retention, loop.clock.now())[cleaning.rule];
    if (rule === undefined) {
      cleaning.rule = 0;
      return true;
    }
    const { cursor } = cleaning;
    const { trees, nextCursor } = await loop.store.findOver({
      ...rule,
      limit: LOOKS,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const part of partsOf(trees)) await remove(loop, rule, part);
    cleaning.cursor = nextCursor;
    if (nextCursor === null) cleaning.rule += 1;
  }
  return false;
}

/** As many trees as may go at once, or a part of one that is too large for that. */
function partsOf(trees: readonly Tree[]): readonly (readonly Tree[])[] {
  const parts: Tree[][] = [];
  let left = 0;
  for (const tree of trees) {
    for (let from = 0; from < tree.length; from += REMOVED_AT_ONCE) {
      const piece = tree.slice(from, from + REMOVED_AT_ONCE);
      if (piece.length > left) {
        parts.push([]);
        left = REMOVED_AT_ONCE;
      }
      parts.at(-1)?.push(piece);
      left -= piece.length;
    }
  }
  return parts;
}

/** Resolves when it is done, or will not be. */
async function remove(loop: Loop, { endedBefore, lettersBefore }: Rule, trees: readonly Tree[]): Promise<void> {
  const keysSince = loop.clock.now() - KEYS_KEPT_MS;
  const byShard = new Map<Shard, Removal[]>();
  for (const executionIds of trees) {
    const [first] = executionIds;
    if (first === undefined) continue;
    // Children live in the shards of their parents.
    const shard = shardOfExecution(loop, first);
    const removals = byShard.get(shard) ?? [];
    byShard.set(shard, removals);
    removals.push({ executionIds, endedBefore, lettersBefore, keysSince });
  }
  await Promise.all(
    [...byShard].map(([shard, removals]) => {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      submitInternal(loop, shard, { kind: "remove", removals, reply: { resolve, reject } });
      return promise;
    }),
  );
}
