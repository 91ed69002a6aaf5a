/**
 * The platform as people start it: the command line in a process of its own, on free ports of this machine alone.
 *
 *     await using platform = await startPlatform({ directory });
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createFolder, watchProcess, workflowText } from "./places.ts";

const PROGRAM = fileURLToPath(new URL("../magicflow", import.meta.url));

/** A process that says nothing for this long will not say anything. */
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

export interface Platform extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly directory: string;
  /** From starting the process to its line that says "ready". */
  readonly readyMs: number;
  /** When the process was started. */
  readonly spawnedAt: number;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** As a power cut would: no time to write anything. */
  kill(): Promise<void>;
}

export interface PlatformOptions {
  readonly directory?: string;
  readonly port?: number;
  /** Writes a profile of every thread into this folder when it is stopped. */
  readonly profileFolder?: string | null;
  /** The launcher; that of this checkout if absent. */
  readonly program?: string;
  /** Environment variables, for a load that needs another setting than the default. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const directory = options.directory ?? createFolder("data");
  const { port = 0, profileFolder = null, program = PROGRAM, settings = {} } = options;
  const spawnedAt = performance.now();
  const flags = ["start", "--port", String(port), "--dashboard-port", "0", "--data-dir", directory];
  const child = spawn(program, flags, {
    env: { ...environment(profileFolder), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  watchProcess(child);
  const { url, readyAt } = await readyLine(child);
  const ended = async (signal: NodeJS.Signals, waitMs: number) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    const late = new AbortController();
    const kill = () => child.kill("SIGKILL");
    pause(waitMs, undefined, { signal: late.signal }).then(kill, () => undefined);
    await exit;
    late.abort();
  };
  return {
    pid: child.pid ?? 0,
    url,
    directory,
    spawnedAt,
    readyMs: readyAt - spawnedAt,
    stop: () => ended("SIGTERM", STOP_MS_MAX),
    kill: () => ended("SIGKILL", STOP_MS_MAX),
    [Symbol.asyncDispose]: () => ended("SIGTERM", STOP_MS_MAX),
  };
}

/** Nothing that is set on this machine changes what is measured. */
function environment(profileFolder: string | null): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(MAGICFLOW|NODE)_/.test(name));
  const profile =
    profileFolder === null
      ? {}
      : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder} --cpu-prof-interval=200` };
  return { ...Object.fromEntries(own), ...profile };
}

function readyLine(child: ChildProcess): Promise<{ url: string; readyAt: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; readyAt: number }>();
  let said = "";
  let complained = "";
  const late = setTimeout(() => reject(new Error("Expected the platform to be ready in time.")), READY_MS_MAX);
  child.stderr?.on("data", (chunk: Buffer) => {
    complained = (complained + chunk.toString()).slice(-4000);
  });
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    const url = /web\s+(http:\/\/\S+)/.exec(said)?.[1];
    if (url !== undefined) resolve({ url, readyAt: performance.now() });
  });
  child.once("exit", () => reject(new Error(`Expected the platform to start, but it ended:\n${said}${complained}`)));
  child.once("error", reject);
  return promise.finally(() => clearTimeout(late));
}

/** Registers one of `bench/workflows`. */
export async function register(url: string, name: string): Promise<void> {
  await call(url, "POST", "/api/v1/workflows", { type: "application/yaml", text: workflowText(name) });
}

/** Starts executions in batches that are as big as a batch may be, and answers their ids. */
export async function startMany(url: string, workflow: string, inputs: readonly object[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let from = 0; from < inputs.length; from += BATCH_MAX) {
    const executions = inputs.slice(from, from + BATCH_MAX).map((input) => ({ input }));
    const text = JSON.stringify({ executions });
    const path = `/api/v1/workflows/${workflow}/execute/batch`;
    const answer = (await call(url, "POST", path, { type: "application/json", text })) as StartsAnswer;
    if (answer.accepted !== executions.length)
      throw new Error(`Expected all starts to be accepted, but ${answer.accepted} of ${executions.length} were.`);
    ids.push(...answer.executions.map(({ execution_id: id }) => id));
  }
  return ids;
}

interface StartsAnswer {
  readonly accepted: number;
  readonly executions: readonly { readonly execution_id: string }[];
}

const BATCH_MAX = 1000;

/** Starts one execution and answers its output. */
export async function runToEnd(url: string, workflow: string, input: object): Promise<unknown> {
  const path = `/api/v1/workflows/${workflow}/execute?wait=60s`;
  const text = JSON.stringify({ input });
  return ((await call(url, "POST", path, { type: "application/json", text })) as { output: unknown }).output;
}

export async function signal(url: string, executionId: string, event: string): Promise<void> {
  await call(url, "POST", `/api/v1/executions/${executionId}/signals/${event}`, {
    type: "application/json",
    text: "{}",
  });
}

export type Counts = Readonly<Record<"running" | "completed" | "failed", number>>;

/** How many executions there are in each status. */
export async function countExecutions(url: string): Promise<Counts> {
  return ((await call(url, "GET", "/health/workflow", null)) as { executions: Counts }).executions;
}

export async function waitForCompleted(url: string, count: number, secondsMax: number): Promise<void> {
  const giveUpAt = performance.now() + secondsMax * 1000;
  for (;;) {
    const counts = await countExecutions(url);
    if (counts.completed >= count) return;
    if (counts.failed > 0 || performance.now() > giveUpAt)
      throw new Error(`Expected ${count} executions to complete, but there are: ${JSON.stringify(counts)}`);
    await pause(10);
  }
}

async function call(
  url: string,
  method: "GET" | "POST",
  path: string,
  body: { readonly type: string; readonly text: string } | null,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    ...(body === null ? {} : { headers: { "content-type": body.type }, body: body.text }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Expected ${method} ${path} to succeed, but: ${response.status} ${text}`);
  return JSON.parse(text);
}
