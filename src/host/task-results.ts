/** What the task board asks of the loop: answers of executors, and tasks of executions that are not in memory. */

import type { Command } from "../core/engine/commands.ts";
import type { FinishTask, Shards } from "./board.ts";
import { type CommandAnswer, commandItem, type Reply } from "./item.ts";
import { load } from "./loading.ts";
import { type Loop, shardOfExecution, submit } from "./loop.ts";
import { isPassing, RefusedError } from "./refusal.ts";
import { reportLoss } from "./shared/breakers.ts";

/** `loop` is asked for at each call: the board is made before the loop that it serves. */
export function createShardsFor(loop: () => Loop): Shards {
  return {
    finishTask: (request) => finishTask(loop(), request),
    reportLoss: (loss) => reportLoss(loop(), loss),
    wake: (executionIds) => wake(loop(), executionIds),
  };
}

/** Rejects with `RefusedError` where it is not known whether the answer is recorded. It may be given again. */
function finishTask(loop: Loop, request: FinishTask): Promise<"accepted" | "stale" | "unknown"> {
  const { promise, resolve, reject } = Promise.withResolvers<"accepted" | "stale" | "unknown">();
  const { workspace, executionId, isRemote = false } = request;
  const reply: Reply<CommandAnswer> = {
    reject,
    resolve: (answer) => {
      switch (answer.kind) {
        case "decided":
          return resolve("accepted");
        case "nothing":
          return resolve("stale");
        case "unknown":
          return resolve("unknown");
        case "refused":
          return isPassing(answer.refusal) ? reject(new RefusedError(answer.refusal)) : resolve("stale");
      }
    },
  };
  const item = commandItem(executionId, toCommand(request), { workspace, isRemote, reply });
  submit(loop, shardOfExecution(loop, executionId), item);
  return promise;
}

function wake(loop: Loop, executionIds: readonly string[]): void {
  for (const executionId of executionIds) {
    const shard = shardOfExecution(loop, executionId);
    if (shard.status === "running" && !shard.slots.has(executionId)) load(loop, shard, executionId, "urgent");
  }
}

function toCommand({ path, attempt, answer, startedAt, instance }: FinishTask): Command {
  if (answer.status === "failed") return { kind: "FailTask", path, attempt, error: answer.error, startedAt, instance };
  return { kind: "CompleteTask", path, attempt, output: answer.output, http: answer.http, startedAt, instance };
}
