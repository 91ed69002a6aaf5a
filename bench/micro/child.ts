/** Pure code is measured in a process of its own: what the benchmark did before has no part in how it is compiled. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { watchProcess } from "../places.ts";
import type { MicroReport } from "./main.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

export async function runMicro(what: "expressions" | "engine", seconds: number): Promise<MicroReport> {
  const flags = ["--disable-warning=ExperimentalWarning", MAIN, what, String(seconds), "--json"];
  const running = promisify(execFile)(process.execPath, flags);
  watchProcess(running.child);
  return JSON.parse((await running).stdout) as MicroReport;
}
