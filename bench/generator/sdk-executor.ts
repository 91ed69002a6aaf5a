/** An executor as users write it, by the SDK and its default transport. */

import { createExecutor } from "../../src/sdk/executor.ts";
import type { Executor } from "./executor.ts";
import type { SdkExecutorOptions } from "./job.ts";

/** What it has finished is what its function has given. */
export function startSdkExecutor(url: URL, { name, concurrency }: SdkExecutorOptions): Executor {
  let called = 0;
  const executor = createExecutor({ name, url: url.origin, concurrency });
  executor.register("add", ({ n }: { readonly n: number }) => {
    called += 1;
    return { n: n + 1 };
  });
  void executor.start();
  return { finished: () => called, stop: () => void executor.stop({ graceMs: 0 }) };
}
