/** The generator's process: takes one job from its parent, does it, and reports. It ends when its parent does. */

import { setInterval } from "node:timers";
import { startPollingExecutor } from "./executor.ts";
import type { Job, Report } from "./job.ts";
import { runLoad } from "./load.ts";
import { startSdkExecutor } from "./sdk-executor.ts";
import { followStreams } from "./streams.ts";

const PROGRESS_MS = 30;

process.once("disconnect", () => process.exit());
process.once("message", (job: Job) => {
  switch (job.kind) {
    case "load":
      void runLoad(job, report).then((outcome) => report({ kind: "outcome", outcome }));
      return;
    case "streams":
      void followStreams(job, report);
      return;
    case "executor": {
      const { url, executor: options } = job;
      const executor =
        options.by === "sdk" ? startSdkExecutor(new URL(url), options) : startPollingExecutor(new URL(url), options);
      setInterval(() => report({ kind: "finished", tasks: executor.finished() }), PROGRESS_MS);
      return;
    }
  }
});

function report(message: Report): void {
  process.send?.(message, () => {
    // The parent has gone meanwhile, and so will we.
  });
}
