/**
 * Installs the project's packages where that is needed: the first part of `npm start` and `npm test`. Runs on any Node from
 * 20 on; everything after it runs on the Node that the project pins.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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
