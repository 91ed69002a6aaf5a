/**
 * Where the time of the platform goes: runs a load under Node's sampling profiler, and adds up the samples by function.
 *
 *     npm run bench -- simple --profile
 *
 * Every thread is sampled by itself: the event loop, and the threads of the store. Samples from before the load, when the
 * program was being read, are left out.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEcho } from "./baselines/baselines.ts";
import { CHAIN } from "./loads/chain.ts";
import { FAN_OUT } from "./loads/fan-out.ts";
import { closed, driveLoad, EXECUTOR, perSecond, type Requests } from "./loads/load.ts";
import { LOCAL_SERVICE, mixedRequests } from "./loads/mixed.ts";
import { SINGLE } from "./loads/simple.ts";
import { START_ONLY } from "./loads/start-only.ts";
import { createFolder } from "./places.ts";
import { register, startPlatform } from "./platform.ts";

const LINES = 25;
const AREAS = 15;

/** What can be profiled, and by how many clients it is asked for. */
const LOADS: Readonly<Record<string, Profiled>> = {
  simple: { requests: () => SINGLE, clients: 64 },
  "chain-5": { requests: () => CHAIN, clients: 256 },
  "fan-out-100": { requests: () => FAN_OUT, clients: 16 },
  mixed: { requests: mixedRequests, clients: 64 },
  "start-only": { requests: () => START_ONLY, clients: 256 },
};

interface Profiled {
  /** By the port of a bare server that steps may call. */
  readonly requests: (servicePort: number) => Requests;
  readonly clients: number;
}

export const PROFILED: readonly string[] = Object.keys(LOADS);

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export async function profile(name: string, seconds: number): Promise<void> {
  const load = LOADS[name];
  if (load === undefined) return;
  const folder = createFolder("profile");
  using service = await startEcho();
  const platform = await startPlatform({ profileFolder: folder, settings: LOCAL_SERVICE });
  await register(platform.url, name);
  const loadedAtUs = Number(process.hrtime.bigint() / 1000n);
  const driven = await driveLoad(platform, load.requests(service.port), {
    pace: closed(load.clients),
    seconds,
    executor: EXECUTOR,
  });
  await platform.stop();
  console.log(`${name}: ${Math.round(perSecond(driven))}/s while being profiled\n`);
  for (const file of readdirSync(folder).toSorted()) {
    const busy = readProfile(join(folder, file), loadedAtUs);
    console.log(`thread ${file.split(".").at(-3) ?? file}: busy for ${(busy.busyMs / 1000).toFixed(1)} s`);
    const show = (what: string, of: readonly Spent[]) => {
      console.log(`  ${what}`);
      for (const { place, ms } of of) console.log(`  ${((ms / busy.busyMs) * 100).toFixed(1).padStart(6)} %  ${place}`);
    };
    show("by area", busy.areas.slice(0, AREAS));
    show("by function", busy.functions.slice(0, LINES));
    console.log("");
  }
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Busy {
  readonly busyMs: number;
  /** By self time. */
  readonly functions: readonly Spent[];
  /** By the part of the program on whose behalf it was spent. */
  readonly areas: readonly Spent[];
}

interface Spent {
  readonly place: string;
  readonly ms: number;
}

/** Waiting is not counted. The profiler's clock and `hrtime` are the same one of the system. */
function readProfile(file: string, fromUs: number): Busy {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const functionOf = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const areaOf = readAreas(nodes);
  const functions = new Map<string, number>();
  const areas = new Map<string, number>();
  let busyMs = 0;
  let at = startTime;
  for (const [n, sample] of samples.entries()) {
    const ms = (timeDeltas[n] ?? 0) / 1000;
    at += ms * 1000;
    const place = functionOf.get(sample) ?? "(root)";
    if (at < fromUs || place === "(idle)" || place === "(root)") continue;
    busyMs += ms;
    add(functions, place, ms);
    add(areas, areaOf.get(sample) ?? place, ms);
  }
  return { busyMs, functions: longestFirst(functions), areas: longestFirst(areas) };
}

function add(sums: Map<string, number>, key: string, ms: number): void {
  sums.set(key, (sums.get(key) ?? 0) + ms);
}

function longestFirst(sums: ReadonlyMap<string, number>): readonly Spent[] {
  return [...sums].map(([place, ms]) => ({ place, ms })).toSorted((a, b) => b.ms - a.ms);
}

/** Of each node. A frame of Node's own that is no area by itself belongs to whoever called it. */
function readAreas(nodes: readonly ProfileNode[]): ReadonlyMap<number, string> {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const areas = new Map<number, string>();
  for (const { id } of nodes) {
    let area: string | null = null;
    for (let at: number | undefined = id; at !== undefined && area === null; at = parents.get(at)) {
      const frame = frames.get(at);
      area = frame === undefined ? null : areaOfFrame(frame);
    }
    areas.set(id, area ?? "Node itself");
  }
  return areas;
}

const SYSTEM_CALL = "sending (the system call)";

/** Null: that of the caller. */
function areaOfFrame({ functionName, url }: ProfileNode["callFrame"]): string | null {
  if (url === "") {
    if (functionName === "(garbage collector)" || functionName === "(program)") return functionName;
    return /^write\w*String$|^writev$|^writeBuffer$/.test(functionName) ? SYSTEM_CALL : null;
  }
  if (/^node:(_http|net$|internal\/(streams|stream_base|http))/.test(url)) return "HTTP of Node";
  if (url.startsWith("node:")) return null;
  const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (name !== undefined) return name === "fastify" || name === "find-my-way" ? "Fastify" : name;
  const path = pathOf(url);
  return /^(src\/(?:adapters|core|host)\/[\w-]+|src\/\w+)\//.exec(path)?.[1] ?? path.slice(0, path.lastIndexOf("/"));
}

function placeOf({ functionName, url, lineNumber }: ProfileNode["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name}  ${pathOf(url)}:${lineNumber + 1}`;
}

function pathOf(url: string): string {
  return url.startsWith("file:") ? fileURLToPath(url).replace(ROOT, "") : url;
}
