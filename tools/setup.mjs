/**
 * Installs the project's packages where that is needed, then runs a tool: what `npm start` and `npm test` call. Runs on any
 * Node from 20 on; the tool runs on the Node that the project pins.
 *
 *     node tools/setup.mjs tools/start.ts --port 0
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.magicflow-lock`;
const lock = readFileSync(`${root}package-lock.json`, "utf8");
const pinned = `${root}node_modules/node/bin/node`;

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.log("Installing packages (npm ci) ...");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
}
if (!existsSync(pinned)) {
  // npm may be told not to run install scripts: then the runtime's own is run by name, and no other.
  run(process.execPath, ["installArchSpecificPackage.js"], `${root}node_modules/node`);
}
writeFileSync(stamp, lock);

const [tool, ...args] = process.argv.slice(2);
if (tool !== undefined) {
  const path = [`${root}node_modules/.bin`, `${root}node_modules/node/bin`, process.env.PATH].join(delimiter);
  const child = spawn(pinned, ["--disable-warning=ExperimentalWarning", `${root}${tool}`, ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  // A terminal sends Ctrl+C to both; a signal to this process alone is passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
  });
}

function run(command, args, cwd = root) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  console.error(
    `Expected "${command} ${args.join(" ")}" to succeed, but it ${error === undefined ? `ended with ${status}` : `did not run: ${error.message}`}.`,
  );
  process.exit(1);
}
