/**
 * `npm test`: everything that must hold, from quick to slow. Ends with one line for the whole run:
 *
 *     N passed, N failed
 *
 * A skipped or cancelled test counts as failed: what is not run is not known to hold. `npm test -- NAME` runs one part.
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Part {
  readonly name: string;
  readonly about: string;
  readonly command: readonly string[];
  /** Whether the command prints how many tests it ran; else it counts as one. */
  readonly isTests: boolean;
  /** Done before; it throws where the part cannot run. */
  readonly needs?: () => void;
}

const NODE_TEST = [
  "node",
  "--disable-warning=ExperimentalWarning",
  "--conditions=source",
  "--test",
  "--test-reporter=spec",
];

const PARTS: readonly Part[] = [
  { name: "types", about: "the compiler has nothing to say", command: ["tsc", "-b"], isTests: false },
  {
    name: "lint",
    about: "nor has the linter",
    command: ["biome", "check", "--error-on-warnings", "."],
    isTests: false,
  },
  {
    name: "core",
    about: "the pure core, without leave to touch anything",
    command: [
      "node",
      "--disable-warning=ExperimentalWarning",
      "--permission",
      "--allow-fs-read=.",
      "--test",
      "--test-reporter=spec",
      "--test-isolation=none",
      "src/core/**/*.test.ts",
    ],
    isTests: true,
  },
  {
    name: "unit",
    about: "ports, adapters, host, server, clients, architecture and documents",
    command: [
      ...NODE_TEST,
      "src/{ports,adapters,host,server,sdk,cli,config}/**/*.test.ts",
      "src/*.test.ts",
      "tests/*.test.ts",
    ],
    isTests: true,
  },
  {
    name: "model",
    about: "random workflows against an independent model",
    command: [...NODE_TEST, "tests/model/**/*.test.ts"],
    isTests: true,
  },
  {
    name: "simulation",
    about: "host and engine under a seed, with crashes and faults",
    // What is simulated takes one thread: two files at a time use both processors.
    command: [...NODE_TEST, "--test-concurrency=2", "tests/simulation/**/*.test.ts"],
    isTests: true,
  },
  {
    name: "scenarios",
    about: "what happens when something goes wrong, told as files: on the engine, in process, over HTTP",
    command: [...NODE_TEST, "tests/scenarios/**/*.test.ts"],
    isTests: true,
  },
  {
    name: "conformance",
    about: "what the platform promises, asked from outside",
    command: [...NODE_TEST, "--test-concurrency=1", "tests/conformance/**/*.test.ts"],
    isTests: true,
  },
  {
    name: "e2e",
    about: "the real process: examples, crashes, command line",
    command: [...NODE_TEST, "--test-concurrency=1", "--test-force-exit", "tests/e2e/**/*.test.ts"],
    isTests: true,
  },
  {
    name: "pages",
    about: "what the pages work out, without a browser",
    command: ["vitest", "run", "--root", "web"],
    isTests: false,
  },
  {
    name: "web",
    about: "the pages in a real browser",
    command: [...NODE_TEST, "--test-concurrency=1", "--test-force-exit", "tests/web/**/*.test.ts"],
    isTests: true,
    needs: ensureChromium,
  },
  {
    name: "faults",
    about: "the real process on bad disks, with wrong clocks and killed under load",
    command: [...NODE_TEST, "--test-concurrency=2", "--test-force-exit", "tests/faults/**/*.test.ts"],
    isTests: true,
  },
];

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `Expected the name of a part (${PARTS.map(({ name }) => name).join(", ")}), but met "${unknown.join(", ")}".`,
  );
  process.exit(2);
}

let passed = 0;
let failed = 0;
const summary: string[] = [];
for (const part of PARTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n── ${part.name}: ${part.about}`);
  const begun = performance.now();
  const counts = await runWithNeeds(part);
  passed += counts.passed;
  failed += counts.failed;
  summary.push(
    `${part.name.padEnd(12)} ${String(counts.passed).padStart(5)} passed ${String(counts.failed).padStart(4)} failed  ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
}
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

async function runWithNeeds(part: Part): Promise<Counts> {
  try {
    part.needs?.();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  }
  return run(part);
}

/** Browsers come from the machine: no package of this project brings one. */
function ensureChromium(): void {
  const isThere = () => process.env["MAGICFLOW_CHROMIUM"] !== undefined || existsSync("/usr/bin/chromium");
  if (isThere()) return;
  if (process.getuid?.() === 0) {
    console.log("There is no Chromium; installing it: apt-get install -y chromium");
    spawnSync("apt-get", ["update"], { stdio: "inherit" });
    spawnSync("apt-get", ["install", "-y", "chromium"], { stdio: "inherit" });
  }
  if (!isThere()) {
    throw new Error(
      "Expected Chromium at /usr/bin/chromium, but there is none. Install it (`apt-get install chromium`), or name one in MAGICFLOW_CHROMIUM.",
    );
  }
}

function run({ command: [program = "", ...args], isTests }: Part): Promise<Counts> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let tail = "";
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString("utf8")).slice(-20_000);
    });
    child.on("error", (error) => {
      console.error(`Expected ${program} to run, but: ${error.message}`);
      resolve({ passed: 0, failed: 1 });
    });
    child.on("close", (code) =>
      resolve(isTests ? countsIn(tail, code) : code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }),
    );
  });
}

/** From the last lines of the test runner: `ℹ pass 64`. A run that ends badly without a failed test has failed all the same. */
function countsIn(output: string, code: number | null): Counts {
  const read = (word: string) => Number([...output.matchAll(new RegExp(`^ℹ ${word} (\\d+)`, "gm"))].at(-1)?.[1] ?? 0);
  const notRun = read("skipped") + read("todo") + read("cancelled");
  const counted = read("fail") + notRun;
  return { passed: read("pass"), failed: code === 0 || counted > 0 ? counted : 1 };
}
