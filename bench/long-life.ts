/**
 * What a long past costs: an execution that has counted far is loaded after kill -9, and its history is read by pages.
 *
 *     node bench/long-life.ts [events ...]
 *
 * The real process with the real store. What stands after "loaded" should not grow with the number of events.
 */

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { type Platform, register, startPlatform } from "./platform.ts";

const DEFAULT = [10_000, 100_000, 1_000_000];
const EVENTS_PER_ITERATION = 3;

const rounds = process.argv.slice(2).map(Number);
for (const events of rounds.length > 0 ? rounds : DEFAULT) await measure(events);

async function measure(events: number): Promise<void> {
  await using first = await startPlatform();
  await register(first.url, "counting");
  const begun = performance.now();
  const input = { times: Math.floor(events / EVENTS_PER_ITERATION) };
  const { execution_id: id } = await post(first, "/workflows/counting/execute", { input });
  while (!(await hasTask(first))) await pause(20);
  const ran = performance.now() - begun;
  const wasMb = memoryMb(first);
  await first.kill();

  await using second = await startPlatform({ directory: first.directory });
  while (!(await hasTask(second))) await pause(20);
  const loaded = performance.now() - second.spawnedAt - second.readyMs;
  const memory = memoryMb(second);
  const asked = performance.now();
  await read(await fetch(`${second.url}/api/v1/executions/${id}/history?after=${Math.floor(events / 2)}&limit=100`));
  const paged = performance.now() - asked;
  console.log(
    `${events} events: ran ${ran.toFixed(0)} ms, ${wasMb} MB; loaded ${loaded.toFixed(0)} ms after being ready, ${memory} MB; a page from the middle in ${paged.toFixed(0)} ms`,
  );
}

async function hasTask(platform: Platform): Promise<boolean> {
  const request = { executor: "shop", instance: "bench", max_tasks: 1, wait_ms: 1000, lease_ms: 1000 };
  const { tasks } = await post(platform, "/tasks/poll", request);
  return Array.isArray(tasks) && tasks.length > 0;
}

function memoryMb({ pid }: Platform): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return Math.round(Number(kib) / 1024);
}

async function post({ url }: Platform, path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/json" };
  return read(await fetch(`${url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function read(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Expected an answer, but it is ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
