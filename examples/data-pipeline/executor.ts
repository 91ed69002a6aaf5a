/** Reads and scores records. The records are worked out from their number, so that every run sees the same ones. */

import { createExecutor } from "magicflow/sdk";

interface SalesRecord {
  readonly id: string;
  readonly region: string;
  readonly amount: number;
}

const REGIONS = ["north", "south", "east", "west"] as const;

const executor = createExecutor({ name: "data-service", concurrency: 8 })
  .register("readRecords", ({ count }: { count: number }) => ({
    records: Array.from(
      { length: count },
      (_, i): SalesRecord => ({
        id: `r-${i}`,
        region: REGIONS[i % REGIONS.length] as string,
        // Every fiftieth record is a refund, which the pipeline leaves out.
        amount: i % 50 === 49 ? -10 : ((i * 37) % 1000) / 10 + 0.5,
      }),
    ),
  }))
  .register("scoreRecords", ({ records }: { records: readonly SalesRecord[] }, { progress }) => {
    progress(0.5, `${records.length} records`);
    return { records: records.map((record) => ({ ...record, score: Math.min(100, Math.round(record.amount)) })) };
  });

await executor.start();
console.log("data-service is ready");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void executor.stop({ graceMs: 5000 }).then(() => process.exit(0));
  });
}
