/**
 * An executor for tests that kill it: `work` says on standard output that it began and, as `MODE` wants, either answers at
 * once or never does.
 */

import { createExecutor } from "magicflow/sdk";

const executor = createExecutor({ name: "patient", concurrency: 20, leaseMs: 1000 }).register(
  "work",
  (_input, { task }) => {
    console.log(`began ${task.id} delivery ${task.delivery}`);
    return process.env["MODE"] === "hang" ? new Promise(() => {}) : { delivery: task.delivery };
  },
);

await executor.start();
console.log("patient is ready");

process.once("SIGTERM", () => {
  void executor.stop({ graceMs: 0 }).then(() => process.exit(0));
});
