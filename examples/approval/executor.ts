/** Keeps the requests and tells people. */

import { createExecutor } from "magicflow/sdk";

const executor = createExecutor({ name: "approval-service" })
  // The id comes from the execution: a second delivery of the task makes no second request.
  .register("registerRequest", (_input: { requester: string; amount: number }, { task }) => ({
    request_id: `req-${task.execution_id}`,
  }))
  .register("tellRequester", ({ requester, approved, by }: { requester: string; approved: boolean; by: string }) => ({
    told: requester,
    message: approved ? `Approved by ${by}.` : `Not approved (${by}).`,
  }));

await executor.start();
console.log("approval-service is ready");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void executor.stop({ graceMs: 5000 }).then(() => process.exit(0));
  });
}
