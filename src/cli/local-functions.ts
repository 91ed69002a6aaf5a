/**
 * The functions of a module, as executors in this process: what `magicflow run` calls. Exports are functions by their name,
 * for whichever executor, or objects of functions by the executor's name. A step whose function is missing fails at once
 * and says what there is.
 */

import type { Engine } from "../assemble.ts";
import { isObject, type Json } from "../core/base/json.ts";

type Host = Engine["host"];
type LeasedTask = Awaited<ReturnType<Host["executors"]["poll"]>>[number];

const INSTANCE = "local";
const CONCURRENCY = 100;
const WAIT_MS = 30_000;
const LEASE_MS = 600_000;

type LocalFunction = (
  input: Json,
  context: { readonly task: object; readonly signal: AbortSignal; progress(): void },
) => unknown;

/** Serves every executor that the registered workflows name, until it is disposed. */
export async function serveFunctions(
  host: Host,
  workspace: string,
  exported: Readonly<Record<string, unknown>>,
): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const loops = (await executorsOf(host, workspace)).map((executor) =>
    serve(host, workspace, executor, exported, stop.signal),
  );
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

async function executorsOf(host: Host, workspace: string): Promise<readonly string[]> {
  const { items } = await host.definitions.list({
    workspace,
    text: null,
    tag: null,
    includeArchived: false,
    limit: 1000,
    cursor: null,
  });
  const names = new Set<string>();
  for (const { name } of items) {
    const compiled = await host.definitions.compiled({ workspace, workflow: name, version: null });
    if (!compiled.ok) continue;
    for (const { spec } of compiled.definition.steps) if (spec.kind === "function") names.add(spec.executor);
  }
  return [...names];
}

async function serve(
  host: Host,
  workspace: string,
  executor: string,
  exported: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const tasks = await host.executors.poll({
      workspace,
      executor,
      instance: INSTANCE,
      functions: null,
      tasksMax: CONCURRENCY,
      waitMs: WAIT_MS,
      leaseMs: LEASE_MS,
      held: [],
      labels: {},
      signal,
    });
    for (const leased of tasks) void perform(host, leased, exported, signal);
  }
}

async function perform(
  host: Host,
  { task, workspace }: LeasedTask,
  exported: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  const base = { taskId: task.id, instance: INSTANCE, startedAt: null };
  const result = await call(task, exported, signal).then(
    (output) => ({ ...base, status: "completed" as const, output, error: null }),
    (thrown: unknown) => ({ ...base, status: "failed" as const, output: null, error: toError(thrown) }),
  );
  await host.executors.finish({ workspace, results: [result] });
}

async function call(
  task: LeasedTask["task"],
  exported: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Json> {
  const work = find(exported, task.executor, task.function);
  if (work === null) {
    throw Object.assign(
      new Error(
        `Expected --functions to name a module that exports "${task.function}" (for executor "${task.executor}"), but it has: ${Object.keys(exported).join(", ") || "nothing"}.`,
      ),
      { code: "FUNCTION_UNKNOWN", retryable: false },
    );
  }
  const output = await work(task.input, {
    task: { ...task, execution_id: task.executionId, created_at: new Date(task.createdAt).toISOString() },
    signal,
    progress() {},
  });
  return output === undefined ? null : (JSON.parse(JSON.stringify(output)) as Json);
}

function find(exported: Readonly<Record<string, unknown>>, executor: string, name: string): LocalFunction | null {
  const fallback = exported["default"];
  for (const holder of [exported[executor], exported, isObject(fallback) ? fallback[executor] : undefined, fallback]) {
    const found = typeof holder === "object" && holder !== null ? (holder as Record<string, unknown>)[name] : undefined;
    if (typeof found === "function") return found as LocalFunction;
  }
  return null;
}

function toError(thrown: unknown): { code: string; message: string; retryable?: boolean } {
  const { code, message, retryable } = thrown as { code?: unknown; message?: unknown; retryable?: unknown };
  return {
    code: typeof code === "string" ? code : "FUNCTION_FAILED",
    message: typeof message === "string" ? message : String(thrown),
    ...(typeof retryable === "boolean" ? { retryable } : {}),
  };
}
