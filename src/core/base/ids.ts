/**
 * Ids of executions say which shard they live in.
 *
 *     018f3c1e7b2a7c9d8e4f5a6b7c8d9e05     generated: the last two hex digits are the shard
 *     order-4711                           chosen by the caller: the shard is a hash of the id
 *     {parent}.{n}                         a child: lives in its parent's shard
 */

import { fnv1a } from "./random.ts";

/** What a caller may choose as `options.execution_id`. No dot: a dot begins a child's number. */
export const EXECUTION_ID: RegExp = /^[A-Za-z0-9_-]{1,128}$/;

const GENERATED_ID = /^[0-9a-f]{32}$/;

/** The shard of an execution. `shards` is at most 256, the values of two hex digits. */
export function shardOf(executionId: string, shards: number): number {
  const dot = executionId.indexOf(".");
  const root = dot === -1 ? executionId : executionId.slice(0, dot);
  if (GENERATED_ID.test(root)) return Number.parseInt(root.slice(-2), 16) % shards;
  return fnv1a(root) % shards;
}

/** The shard that keeps `key` (an idempotency key, a breaker): the one of its hash. */
export function shardOfKey(key: string, shards: number): number {
  return fnv1a(key) % shards;
}

/** A new id in `shard`. `entropy` is 30 hex digits, time-ordered ones make neighbours of executions of one time. */
export function executionIdOf(entropy: string, shard: number): string {
  return entropy.slice(0, 30) + shard.toString(16).padStart(2, "0");
}
