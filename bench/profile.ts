/**
 * Where the time of the platform goes: runs a load under Node's sampling profiler, and adds up the samples by function.
 *
 *     npm run bench -- simple --profile
 *
 * Every thread is sampled by itself: the event loop, and the threads of the store.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHAIN } from "./loads/chain.ts";
import { closed, driveLoad, EXECUTOR, perSecond } from "./loads/load.ts";
import { SINGLE } from "./loads/simple.ts";
import { createFolder } from "./places.ts";
import { register, startPlatform } from "./platform.ts";

const LINES = 30;

/** What can be profiled. */
export const PROFILED: readonly string[] = ["simple", "chain-5"];

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export async function profile(name: string, seconds: number): Promise<void> {
  const folder = createFolder("profile");
  const platform = await startPlatform({ profileFolder: folder });
  await register(platform.url, name);
  const driven =
    name === "simple"
      ? await driveLoad(platform, SINGLE, { pace: closed(64), seconds })
      : await driveLoad(platform, CHAIN, { pace: closed(256), seconds, executor: EXECUTOR });
  await platform.stop();
  console.log(`${name}: ${Math.round(perSecond(driven))}/s while being profiled\n`);
  for (const file of readdirSync(folder).toSorted()) {
    const busy = readProfile(join(folder, file));
    console.log(`thread ${file.split(".").at(-3) ?? file}: busy for ${(busy.busyMs / 1000).toFixed(1)} s`);
    for (const { place, ms } of busy.functions.slice(0, LINES))
      console.log(`  ${((ms / busy.busyMs) * 100).toFixed(1).padStart(5)} %  ${place}`);
    console.log("");
  }
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Busy {
  readonly busyMs: number;
  readonly functions: readonly { readonly place: string; readonly ms: number }[];
}

/** By self time; waiting is not counted. */
function readProfile(file: string): Busy {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const msOf = new Map<string, number>();
  for (const [n, sample] of samples.entries()) {
    const place = places.get(sample) ?? "unknown";
    msOf.set(place, (msOf.get(place) ?? 0) + (timeDeltas[n] ?? 0) / 1000);
  }
  const functions = [...msOf]
    .filter(([place]) => place !== "(idle)" && place !== "(root)")
    .map(([place, ms]) => ({ place, ms }))
    .toSorted((a, b) => b.ms - a.ms);
  return { busyMs: functions.reduce((sum, { ms }) => sum + ms, 0), functions };
}

function placeOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const path = url.startsWith("file:") ? fileURLToPath(url).replace(ROOT, "") : url;
  return `${name}  ${path}:${lineNumber + 1}`;
}
