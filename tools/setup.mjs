/**
 * Installs the project's packages and builds the pages where that is needed, then runs a tool: what `npm start` and `npm test` call. Runs on any
 * Node from 20 on; the tool runs on the Node that the project pins.
 *
 *     node tools/setup.mjs tools/start.ts --port 0
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
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
buildPages();

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

/** The pages are made of `web` and of what they share with the platform; they are built again where one of those files has changed. */
function buildPages() {
  const mark = `${root}web/dist/.made-of`;
  const made = [
    lock,
    ...["web/src", "web/public", "web/build", "src/core"].flatMap(filesIn),
    "web/index.html",
    "web/vite.config.ts",
  ]
    .map((path) => (path === lock ? lock.length : `${path} ${statSync(root + path).mtimeMs}`))
    .join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === made) return;
  console.log("Building the pages (vite build) ...");
  run(pinned, ["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "warn"]);
  writeFileSync(mark, made);
}

function filesIn(folder) {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.\w+$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
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
