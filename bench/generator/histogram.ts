/**
 * Latencies by the thousand in bounded memory: buckets that grow with the value, so that each is known to within 1 %.
 *
 *     0..127 µs: one bucket each;  then for every doubling 128 buckets
 */

const SUB_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BITS;
/** Up to 2^36 µs, which is 19 hours. */
const DOUBLINGS = 30;

export interface Quantiles {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export class Histogram {
  readonly #buckets = new Uint32Array((DOUBLINGS + 1) * SUB_BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(ms: number): void {
    const index = bucketOf(Math.max(0, Math.round(ms * 1000)));
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  quantiles(): Quantiles {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumMs / this.#count,
      p50Ms: this.#quantileMs(0.5),
      p90Ms: this.#quantileMs(0.9),
      p99Ms: this.#quantileMs(0.99),
      p999Ms: this.#quantileMs(0.999),
      maxMs: this.#maxMs,
    };
  }

  #quantileMs(share: number): number {
    const rank = Math.ceil(this.#count * share);
    let seen = 0;
    for (const [index, count] of this.#buckets.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return Math.min(middleOf(index) / 1000, this.#maxMs);
    }
    return 0;
  }
}

function bucketOf(us: number): number {
  if (us < SUB_BUCKETS) return us;
  const doubling = Math.min(Math.floor(Math.log2(us)) - SUB_BITS, DOUBLINGS - 1);
  return (doubling + 1) * SUB_BUCKETS + Math.min(Math.floor(us / 2 ** doubling) - SUB_BUCKETS, SUB_BUCKETS - 1);
}

function middleOf(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const doubling = Math.floor(index / SUB_BUCKETS) - 1;
  return ((index % SUB_BUCKETS) + SUB_BUCKETS + 0.5) * 2 ** doubling;
}
