/**
 * Performs the tasks of built-in executors (`@http`, `@script`): the same tasks, attempts and time-outs as those of remote
 * executors, taken by the platform itself.
 *
 *     board ──take──► secrets filled in ──► performer ──► answer ──► board
 *
 * A task that is cancelled or out of time is aborted, and what its performer then says is not heard. After a restart the
 * same task is simply performed again.
 */

import type { EngineTask } from "../../core/engine/reactions.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Performed, Performer } from "../../ports/performer.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { LeasedTask } from "../executors.ts";
import type { BuiltinTasks } from "./create-board.ts";
import { fillSecrets, hideSecrets } from "./secret-places.ts";

/** An answer that could not be committed is given again: its shard is being loaded. */
const REPEAT_MS = 1000;

export function performBuiltins(world: {
  readonly builtins: BuiltinTasks;
  readonly performers: readonly Performer[];
  readonly secrets: Secrets;
  readonly clock: Clock;
}): AsyncDisposable {
  const attendants = world.performers.map((performer) => attend(performer, world));
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(attendants.map((attendant) => attendant[Symbol.asyncDispose]()));
    },
  };
}

interface World {
  readonly builtins: BuiltinTasks;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

interface Call {
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

function attend(performer: Performer, world: World): AsyncDisposable {
  const { builtins, clock } = world;
  const calls = new Map<string, Call>();
  let isClosed = false;

  function takeMore(): void {
    while (!isClosed && calls.size < performer.concurrencyMax) {
      const leased = builtins.take({
        executor: performer.executor,
        most: performer.concurrencyMax - calls.size,
        cancel,
      });
      if (leased.length === 0) return;
      // One that is being performed comes again when its shard was loaded anew: the call that runs answers for it.
      for (const one of leased) if (!calls.has(one.task.id)) begin(one);
    }
  }

  function begin(leased: LeasedTask): void {
    const controller = new AbortController();
    const over = call(leased, controller.signal).finally(() => {
      calls.delete(leased.task.id);
      takeMore();
    });
    calls.set(leased.task.id, { controller, over });
  }

  function cancel(taskId: string): void {
    calls.get(taskId)?.controller.abort();
  }

  async function call({ task, workspace }: LeasedTask, signal: AbortSignal): Promise<void> {
    const startedAt = clock.now();
    const performed = await perform(performer, world.secrets, { task, workspace, signal });
    while (!signal.aborted) {
      try {
        await builtins.answer({ workspace, task, answer: performed, startedAt });
        return;
      } catch {
        // The commit failed or is not known; the shard says so to whom it concerns. Twice the same answer does no harm.
        await pause(clock, REPEAT_MS, signal);
      }
    }
  }

  const stop = builtins.attend(performer.executor, takeMore);
  takeMore();
  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      stop();
      const running = [...calls.values()];
      for (const { controller } of running) controller.abort();
      await Promise.all(running.map(({ over }) => over));
    },
  };
}

async function perform(
  performer: Performer,
  secrets: Secrets,
  request: { task: EngineTask; workspace: string; signal: AbortSignal },
): Promise<Performed> {
  const filled = await fill(secrets, request.workspace, request.task);
  if (filled.status === "failed") return filled;
  try {
    const performed = await performer.perform({
      ...request,
      task: { ...request.task, input: filled.input, secrets: [] },
    });
    if (performed.status === "completed") return performed;
    return { status: "failed", error: hideSecrets(performed.error, filled.values) };
  } catch (error) {
    const message = `Expected "${performer.executor}" to answer, but it broke: ${messageOf(error)}`;
    return { status: "failed", error: hideSecrets({ code: "INTERNAL", message }, filled.values) };
  }
}

type FilledTask =
  | { readonly status: "filled"; readonly input: EngineTask["input"]; readonly values: readonly string[] }
  | Extract<Performed, { status: "failed" }>;

async function fill(secrets: Secrets, workspace: string, task: EngineTask): Promise<FilledTask> {
  try {
    const filled = await fillSecrets(secrets, workspace, task.input, task.secrets);
    if (filled.ok) return { status: "filled", input: filled.input, values: filled.values };
    const names = filled.missing.map((name) => `"${name}"`).join(", ");
    const message = `Expected the workspace to have the secrets that step "${task.step}" names, but there is no ${names}.`;
    return { status: "failed", error: { code: "EXPRESSION_ERROR", message, retryable: false } };
  } catch (error) {
    const message = `Expected the secrets of step "${task.step}" to be readable, but they are not: ${messageOf(error)}`;
    return { status: "failed", error: { code: "CONNECTION_FAILED", message } };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(ms, end);
    signal.addEventListener("abort", end);
    function end(): void {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}
