/**
 * The cold start of what npm installs: `dist/` and the launcher in a folder of their own, no sources beside them. `rest` is
 * the same for a checkout.
 */

import { execFileSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figures.ts";
import { createFolder } from "../places.ts";
import { register, startMany, startPlatform } from "../platform.ts";
import { readUsage } from "../usage.ts";
import { type Load, median } from "./load.ts";

const STARTS = 7;

const ROOT = fileURLToPath(new URL("..", new URL("../", import.meta.url)));

export const installed: Load = {
  name: "installed",
  about:
    "Starting the built program as npm installs it, on a folder that exists; the first start leaves a compile cache.",
  baselines: ["start"],
  measure,
};

async function measure(): Promise<readonly Figure[]> {
  const program = install();
  const directory = createFolder("installed-data");
  const first = await startPlatform({ directory, program });
  await register(first.url, "simple");
  await first.stop();

  const readyMs: number[] = [];
  const acceptedMs: number[] = [];
  const usedMs: number[] = [];
  const memory: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    await using platform = await startPlatform({ directory, program });
    readyMs.push(platform.readyMs);
    await startMany(platform.url, "simple", [{ quantity: 1, price: 1, customer: { name: "Ada" } }]);
    acceptedMs.push(performance.now() - platform.spawnedAt);
    usedMs.push(readUsage(platform.pid).cpuSeconds * 1000);
    memory.push(readUsage(platform.pid).residentBytes / 1e6);
  }
  return [
    {
      id: "installed.first",
      what: "installed: ready for the first time after",
      value: first.readyMs,
      unit: "ms",
      baseline: "start.ready",
    },
    {
      id: "installed.ready",
      what: "installed: ready after",
      value: median(readyMs),
      unit: "ms",
      baseline: "start.ready",
    },
    { id: "installed.accepted", what: "installed: first start accepted after", value: median(acceptedMs), unit: "ms" },
    { id: "installed.used", what: "installed: processor time until then", value: median(usedMs), unit: "ms" },
    {
      id: "installed.memory",
      what: "installed: memory after one start",
      value: median(memory),
      unit: "MB",
      baseline: "start.memory",
    },
  ];
}

/** The path of the launcher. Packages are those of the checkout: to fetch them again would say nothing more. */
function install(): string {
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b"], { cwd: ROOT, stdio: "pipe" });
  const folder = createFolder("installed");
  const isProgram = (path: string) => !/\.(test|d)\.\w+$|\.tests$|\.tsbuildinfo$/.test(path);
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true, filter: isProgram });
  for (const name of ["magicflow", "package.json"]) cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, "magicflow");
}
