import { type Histogram, WRITE_BOUNDS } from "../../host/counters.ts";
import { by, type Family, one, type Sample } from "./family.ts";

export const STORAGE_METRICS: readonly Family[] = [
  {
    name: "magicflow_store_up",
    help: "1 while the storage can be written to, as far as is known.",
    type: "gauge",
    read: ({ health }) => one(health.store.status === "ok" ? 1 : 0),
  },
  {
    name: "magicflow_store_write_duration_seconds",
    help: "How long writes took; one carries what many requests have asked for.",
    type: "histogram",
    read: ({ host }) => toSamples(host.counters.writes, WRITE_BOUNDS),
  },
  {
    name: "magicflow_store_write_errors_total",
    help: "Writes that failed, or whose outcome is not known.",
    type: "counter",
    read: ({ host }) => one(host.counters.writesFailed),
  },
  {
    name: "magicflow_shard_takeovers_total",
    help: "Shards that were read again after a failure.",
    type: "counter",
    read: ({ host }) => one(host.counters.takeovers),
  },
  {
    name: "magicflow_shards",
    help: "Shards of the storage by their state.",
    type: "gauge",
    read({ health }) {
      const counts = { running: 0, loading: 0, stopped: 0 };
      for (const { status } of health.shards) counts[status] += 1;
      return by("status", counts);
    },
  },
  {
    name: "magicflow_inbox_length",
    help: "Requests and messages that wait to be decided, by shard.",
    type: "gauge",
    read: ({ health }) => health.shards.map(({ shard, inbox }) => ({ labels: { shard: String(shard) }, value: inbox })),
  },
];

/** Each bucket of the page counts those of all smaller ones as well. */
function toSamples({ counts, over, sum, count }: Histogram, bounds: readonly number[]): readonly Sample[] {
  let below = 0;
  const buckets = bounds.map((bound, i) => {
    below += counts[i] ?? 0;
    return { suffix: "_bucket", labels: { le: String(bound) }, value: below };
  });
  return [
    ...buckets,
    { suffix: "_bucket", labels: { le: "+Inf" }, value: below + over },
    { suffix: "_sum", value: sum },
    { suffix: "_count", value: count },
  ];
}
