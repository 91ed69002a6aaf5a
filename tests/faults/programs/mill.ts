/** The executor that works while everything around it is killed, itself included. */

import { createExecutor, TaskError } from "magicflow/sdk";

interface Input {
  readonly token: string;
}

const executor = createExecutor({ name: "mill", concurrency: 100, leaseMs: 2000 })
  .register("echo", ({ token }: Input) => ({ token }))
  .register("busyTwice", ({ token }: Input, { task }) => {
    if (task.attempt < 3) throw new TaskError({ code: "BUSY", message: "Not at the first try, nor at the second." });
    return { token, attempt: task.attempt };
  })
  .register("refuse", () => {
    throw new TaskError({ code: "NEVER", message: "Not at any try.", retryable: false });
  });

await executor.start();
console.log("mill is ready");

process.once("SIGTERM", () => {
  void executor.stop({ graceMs: 0 }).then(() => process.exit(0));
});
