/**
 * How long many things took, in little room: a count for each bucket, and buckets that grow by a tenth. What is read back
 * is right within 5 %, from a millisecond to a year, and two of them are merged by adding.
 */

const GROWTH = Math.log(1.1);

export interface Durations {
  count: number;
  /** Seconds. */
  sum: number;
  /** By bucket; only those in which something is. */
  readonly buckets: Map<number, number>;
}

export function createDurations(): Durations {
  return { count: 0, sum: 0, buckets: new Map() };
}

export function addDuration(durations: Durations, seconds: number): void {
  const bucket = bucketOf(seconds);
  durations.count += 1;
  durations.sum += seconds;
  durations.buckets.set(bucket, (durations.buckets.get(bucket) ?? 0) + 1);
}

export function mergeDurations(into: Durations, from: Durations): void {
  into.count += from.count;
  into.sum += from.sum;
  for (const [bucket, count] of from.buckets) into.buckets.set(bucket, (into.buckets.get(bucket) ?? 0) + count);
}

/** Seconds; null where nothing was measured. */
export function quantile(durations: Durations, share: number): number | null {
  if (durations.count === 0) return null;
  const wanted = Math.max(1, Math.ceil(durations.count * share));
  let seen = 0;
  for (const [bucket, count] of [...durations.buckets].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= wanted) return middleOf(bucket);
  }
  return null;
}

export function mean({ count, sum }: Durations): number | null {
  return count === 0 ? null : rounded(sum / count);
}

/** Upper end of a bucket, in seconds. */
export function upperEnd(bucket: number): number {
  return bucket === 0 ? 0.001 : rounded(Math.exp(bucket * GROWTH) / 1000);
}

/** Bucket 0 is everything up to a millisecond. */
function bucketOf(seconds: number): number {
  const ms = seconds * 1000;
  return ms <= 1 ? 0 : Math.ceil(Math.log(ms) / GROWTH - 1e-9);
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0.001 : rounded(Math.exp((bucket - 0.5) * GROWTH) / 1000);
}

/** Digits beyond these mean nothing. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
