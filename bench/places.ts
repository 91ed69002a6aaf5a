/**
 * What a run leaves behind if nobody looks after it: processes and folders. Whoever makes one says so here, and however
 * the run ends, each process is ended by its id and the folder removed.
 */

import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** In the checkout, so that data lies on the disk that the project lies on, and not in memory. */
const CACHE = fileURLToPath(new URL("../.cache/bench", import.meta.url));

const processes = new Set<ChildProcess>();
let folder: string | null = null;
let folders = 0;

/** An empty folder of its own. */
export function createFolder(name: string): string {
  if (folder === null) {
    mkdirSync(CACHE, { recursive: true });
    folder = mkdtempSync(join(CACHE, "run-"));
  }
  folders += 1;
  const path = join(folder, `${folders}-${name}`);
  mkdirSync(path);
  return path;
}

/** The text of one of `bench/workflows`. */
export function workflowText(name: string): string {
  return readFileSync(new URL(`workflows/${name}.yaml`, import.meta.url), "utf8");
}

export function watchProcess(child: ChildProcess): void {
  processes.add(child);
  child.once("exit", () => processes.delete(child));
}

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.once("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
});
