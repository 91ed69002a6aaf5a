/** What the task board asks of the loop: answers of executors, and tasks of executions that are not in memory. */

import type { Command } from "../core/engine/commands.ts";
import type { Finished, FinishTask, Shards } from "./board.ts";
import { type CommandAnswer, commandItem, type Reply } from "./item.ts";
import { load } from "./loading.ts";
import { type Loop, shardOfExecution, submit } from "./loop.ts";
import { isPassing, RefusedError } from "./refusal.ts";
import { reportLoss } from "./shared/breakers.ts";

/** `loop` is asked for at each call: the board is made before the loop that it serves. */
export function createShardsFor(loop: () => Loop): Shards {
  return {
    finishTask: (request, hear) => finishTask(loop(), request, hear),
    reportLoss: (loss) => reportLoss(loop(), loss),
    wake: (executionIds) => wake(loop(), executionIds),
  };
}

function finishTask(loop: Loop, request: FinishTask, hear: (finished: Finished) => void): void {
  const { workspace, executionId, isRemote = false } = request;
  const reply: Reply<CommandAnswer> = {
    reject: (error) => hear(error instanceof Error ? error : new Error(String(error))),
    resolve: (answer) => hear(toFinished(answer)),
  };
  const item = commandItem(executionId, toCommand(request), { workspace, isRemote, reply });
  submit(loop, shardOfExecution(loop, executionId), item);
}

function toFinished(answer: CommandAnswer): Finished {
  switch (answer.kind) {
    case "decided":
      return "accepted";
    case "nothing":
      return "stale";
    case "unknown":
      return "unknown";
    case "refused":
      return isPassing(answer.refusal) ? new RefusedError(answer.refusal) : "stale";
  }
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
