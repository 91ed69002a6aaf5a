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
import { CHAIN } from "./loads/chain.ts";
import { FAN_OUT } from "./loads/fan-out.ts";
import { closed, driveLoad, EXECUTOR, perSecond, type Requests } from "./loads/load.ts";
import { SINGLE } from "./loads/simple.ts";
import { START_ONLY } from "./loads/start-only.ts";
import { createFolder } from "./places.ts";
import { register, startPlatform } from "./platform.ts";

const LINES = 25;
const AREAS = 12;

/** What can be profiled, and by how many clients it is asked for. */
const LOADS: Readonly<Record<string, { readonly requests: Requests; readonly clients: number }>> = {
  simple: { requests: SINGLE, clients: 64 },
  "chain-5": { requests: CHAIN, clients: 256 },
  "fan-out-100": { requests: FAN_OUT, clients: 16 },
  "start-only": { requests: START_ONLY, clients: 256 },
};

export const PROFILED: readonly string[] = Object.keys(LOADS);

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export async function profile(name: string, seconds: number): Promise<void> {
  const load = LOADS[name];
  if (load === undefined) return;
  const folder = createFolder("profile");
  const platform = await startPlatform({ profileFolder: folder });
  await register(platform.url, name);
  const loadedAtUs = Number(process.hrtime.bigint() / 1000n);
  const driven = await driveLoad(platform, load.requests, { pace: closed(load.clients), seconds, executor: EXECUTOR });
  await platform.stop();
  console.log(`${name}: ${Math.round(perSecond(driven))}/s while being profiled\n`);
  for (const file of readdirSync(folder).toSorted()) {
    const busy = readProfile(join(folder, file), loadedAtUs);
    console.log(`thread ${file.split(".").at(-3) ?? file}: busy for ${(busy.busyMs / 1000).toFixed(1)} s`);
    const show = (what: string, of: readonly Spent[]) => {
      console.log(`  ${what}`);
      for (const { place, ms } of of) console.log(`  ${((ms / busy.busyMs) * 100).toFixed(1).padStart(6)} %  ${place}`);
    };
    show("by area", sumBy(busy.functions, ({ place }) => areaOf(place)).slice(0, AREAS));
    show("by function", busy.functions.slice(0, LINES));
    console.log("");
  }
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Busy {
  readonly busyMs: number;
  readonly functions: readonly Spent[];
}

interface Spent {
  readonly place: string;
  readonly ms: number;
}

/** By self time; waiting is not counted. The profiler's clock and `hrtime` are the same one of the system. */
function readProfile(file: string, fromUs: number): Busy {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const spent: Spent[] = [];
  let at = startTime;
  for (const [n, sample] of samples.entries()) {
    const us = timeDeltas[n] ?? 0;
    at += us;
    const place = places.get(sample) ?? "unknown";
    if (at >= fromUs && place !== "(idle)" && place !== "(root)") spent.push({ place, ms: us / 1000 });
  }
  const functions = sumBy(spent, ({ place }) => place);
  return { busyMs: functions.reduce((sum, { ms }) => sum + ms, 0), functions };
}

/** The longest first. */
function sumBy(spent: readonly Spent[], keyOf: (one: Spent) => string): readonly Spent[] {
  const sums = new Map<string, number>();
  for (const one of spent) {
    const key = keyOf(one);
    sums.set(key, (sums.get(key) ?? 0) + one.ms);
  }
  return [...sums].map(([place, ms]) => ({ place, ms })).toSorted((a, b) => b.ms - a.ms);
}

function placeOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const path = url.startsWith("file:") ? fileURLToPath(url).replace(ROOT, "") : url;
  return `${name}  ${path}:${lineNumber + 1}`;
}

/** A folder of ours, a package, or a part of Node. */
function areaOf(place: string): string {
  const path = place.split("  ")[1];
  if (path === undefined) return place.startsWith("(") ? place : "native code of Node and V8";
  if (path.startsWith("node:"))
    return path
      .replace(/^node:(internal\/)?_?/, "node: ")
      .split(/[/_:]/)
      .slice(0, 2)
      .join(":");
  if (path.startsWith("node_modules/")) return path.split("/").slice(0, 2).join("/");
  return path
    .split("/")
    .slice(0, 3)
    .join("/")
    .replace(/\/[^/]*\.ts:\d+$/, "");
}
