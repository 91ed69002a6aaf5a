/**
 * `npm run faults`: the real process under kill -9 and load, for as long as you like.
 *
 *     npm run faults -- --minutes 5 --rate 50
 */

import { parseArgs } from "node:util";
import { describe, killUnderLoad } from "./kills.ts";

const HELP = `Kills the platform with -9 again and again while work comes in and runs, and checks that nothing is lost or doubled.

Usage: npm run faults -- [options]

  --minutes N          how long it goes on (default 5)
  --rate N             starts in a second (default 50)
  --every S            seconds from one kill to the next (default 2)
  --executor-every N   kills of the platform from one kill of the executor to the next (default 7)
  --help               this text

Everything is made in a folder for temporary files and removed at the end. Exit code 0: all that was accepted ended as
predicted, once, within 30 s of the last kill. 1: it did not; each finding is a line. 2: wrong usage.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const report = await killUnderLoad({ ...options, say: (line) => console.log(line) });
  console.log(`\n${describe(report)}`);
  for (const finding of report.findings.slice(0, 50)) console.log(`  ${finding}`);
  const isLate = report.lastEndSeconds > 30;
  if (isLate) console.log("  Expected everything to end within 30 s of the last kill.");
  return report.findings.length === 0 && !isLate ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "5" },
        rate: { type: "string", default: "50" },
        every: { type: "string", default: "2" },
        "executor-every": { type: "string", default: "7" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const positive = (name: "minutes" | "rate" | "every" | "executor-every"): number => {
      const number = Number(values[name]);
      if (Number.isFinite(number) && number > 0) return number;
      throw new Error(`Expected --${name} to be a number above 0, but it is "${values[name]}".`);
    };
    return {
      seconds: positive("minutes") * 60,
      rate: positive("rate"),
      everyMs: positive("every") * 1000,
      executorEvery: Math.ceil(positive("executor-every")),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return null;
  }
}
