/**
 * The executor `me` of all cases: one long poll takes every task, and the case that the task belongs to answers it.
 *
 * Some functions answer by themselves: `ok` gives `{}`, `echo` its input, `fail_X` fails with code X; `hold` answers only
 * when its case says so. Any other function gives `{}` unless its case has an answer for it.
 */

import type { Json, JsonObject } from "../../../src/core/base/json.ts";
import type { Platform } from "./platform.ts";

export interface Task {
  readonly id: string;
  readonly workflow: string;
  readonly execution_id: string;
  readonly step: string;
  readonly path: string;
  readonly function: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly delivery: number;
  readonly input: Json;
  readonly metadata: Json;
  readonly created_at: string;
}

export type Reply = { readonly output: Json } | { readonly error: JsonObject } | { readonly held: true };
export type Replies = (task: Task) => Reply;

export const gives = (output: Json): Reply => ({ output });
export const held: Reply = { held: true };
export const fails = (code: string, more: JsonObject = {}): Reply => ({
  error: { code, message: `${code} was meant to happen.`, ...more },
});

export interface Executor extends AsyncDisposable {
  /** From now on tasks of this workflow are answered so. */
  register(workflow: string, replies: Replies): void;
  answer(task: Task, reply: Reply): Promise<string>;
}

export function startExecutor(platform: Platform): Executor {
  const byWorkflow = new Map<string, Replies>();
  let open = true;

  async function answer(task: Task, reply: Reply): Promise<string> {
    if ("held" in reply) return "held";
    const result = { task_id: task.id, status: "output" in reply ? "completed" : "failed", ...reply };
    const { body } = await platform.request("POST", "/tasks/results", { results: [result] });
    return (body["results"] as { outcome: string }[])[0]?.outcome ?? JSON.stringify(body);
  }

  async function work(): Promise<void> {
    const poll = { executor: "me", instance: "one", max_tasks: 100, wait_ms: 2000, lease_ms: 600_000 };
    while (open) {
      const { body } = await platform.request("POST", "/tasks/poll", poll);
      for (const task of (body["tasks"] ?? []) as unknown as Task[]) {
        void answer(task, byWorkflow.get(task.workflow)?.(task) ?? replyByName(task)).catch(() => {});
      }
    }
  }

  const working = work().catch((error: unknown) => {
    if (open) throw error;
  });
  return {
    register: (workflow, replies) => void byWorkflow.set(workflow, replies),
    answer,
    async [Symbol.asyncDispose](): Promise<void> {
      open = false;
      await working;
    },
  };
}

export function replyByName(task: Task): Reply {
  if (task.function === "echo") return gives(task.input);
  if (task.function === "hold") return held;
  if (task.function.startsWith("fail_")) return fails(task.function.slice("fail_".length));
  return gives({});
}
