/**
 * `npm run bench`: how fast the platform is on this machine, and how that compares with what the machine can do at all.
 *
 *     npm run bench                       everything, some ten minutes
 *     npm run bench -- simple chain-5     only these
 *     npm run bench -- --big              and those that take half an hour: a million sleepers
 *     npm run bench -- --seconds 3        each load for about so long (10)
 *     npm run bench -- --json             JSON in place of the table
 *     npm run bench -- --docs             and puts the figures and their picture into docs
 *     npm run bench -- simple --profile   where the time goes, in place of figures
 *
 * Each load starts a platform of its own on an empty folder. Whatever is found is also kept in `bench/results`.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { meanOf, measureBaselines } from "./baselines/baselines.ts";
import { writeChart } from "./chart.ts";
import { type Machine, type Measured, type Result, writeDocument } from "./document.ts";
import { compare, type Figure, toTable } from "./figures.ts";
import { chain } from "./loads/chain.ts";
import { engine } from "./loads/engine.ts";
import { expressions } from "./loads/expressions.ts";
import { fanOut } from "./loads/fan-out.ts";
import { installed } from "./loads/installed.ts";
import type { Load } from "./loads/load.ts";
import { loop } from "./loads/loop.ts";
import { mixed } from "./loads/mixed.ts";
import { recovery } from "./loads/recovery.ts";
import { rest } from "./loads/rest.ts";
import { simple } from "./loads/simple.ts";
import { million, sleepers } from "./loads/sleepers.ts";
import { startOnly } from "./loads/start-only.ts";
import { streams } from "./loads/streams.ts";
import { PROFILED, profile } from "./profile.ts";

const LOADS: readonly Load[] = [
  simple,
  chain,
  fanOut,
  mixed,
  startOnly,
  loop,
  streams,
  sleepers,
  million,
  rest,
  installed,
  recovery,
  expressions,
  engine,
];

const SECONDS = 10;
const SECONDS_MAX = 600;

interface Arguments {
  readonly names: readonly string[];
  readonly seconds: number;
  readonly isJson: boolean;
  readonly isForDocs: boolean;
  readonly isProfile: boolean;
}

const given = readArguments(process.argv.slice(2));
if (typeof given === "string") {
  console.error(given);
  process.exitCode = 2;
} else if (given.isProfile) {
  for (const name of given.names) await profile(name, given.seconds);
} else {
  await measure(given);
}

async function measure({ names, seconds, isJson, isForDocs }: Arguments): Promise<void> {
  const loads: Measured[] = [];
  const failures: string[] = [];
  for (const load of LOADS.filter(({ name }) => names.includes(name))) {
    try {
      const figures = compare(await measureOne(load, seconds));
      loads.push({ name: load.name, about: load.about, figures });
      if (!isJson) console.log(`${load.name}\n${toTable(figures)}\n`);
    } catch (error) {
      failures.push(load.name);
      console.error(`${load.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const result: Result = { at: new Date().toISOString(), seconds, machine: machine(), failures, loads };
  const file = keep(result);
  if (isForDocs) {
    writeDocument(result);
    writeChart(result);
  }
  console.log(isJson ? JSON.stringify(result, null, 2) : `Kept in ${file}`);
  if (failures.length > 0) process.exitCode = 1;
}

async function measureOne(load: Load, seconds: number): Promise<readonly Figure[]> {
  const before = await measureBaselines(load.baselines);
  const figures = await load.measure({ seconds });
  const after = await measureBaselines(load.baselines);
  return [...meanOf(before, after), ...figures];
}

function machine(): Machine {
  const [first] = cpus();
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    processors: cpus().length,
    model: first?.model ?? "unknown",
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    magicflow: version,
  };
}

function keep(result: Result): string {
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `${result.at.replaceAll(/[:.]/g, "-")}.json`;
  writeFileSync(new URL(name, folder), `${JSON.stringify(result, null, 2)}\n`);
  return `bench/results/${name}`;
}

/** Or what is wrong with them. */
function readArguments(args: string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        seconds: { type: "string" },
        json: { type: "boolean", default: false },
        docs: { type: "boolean", default: false },
        big: { type: "boolean", default: false },
        profile: { type: "boolean", default: false },
      },
    });
    const measured = LOADS.filter(({ isBig = false }) => values.big || !isBig);
    const known = values.profile ? PROFILED : measured.map(({ name }) => name);
    const unknown = positionals.find((name) => !known.includes(name));
    if (unknown !== undefined) return `Expected a load of ${known.join(", ")}, but met "${unknown}".`;
    const seconds = values.seconds === undefined ? SECONDS : Number(values.seconds);
    if (!(seconds >= 1 && seconds <= SECONDS_MAX))
      return `Expected --seconds between 1 and ${SECONDS_MAX}, but met "${values.seconds}".`;
    if (values.docs && positionals.length > 0) return "Expected --docs with all loads, but only some are asked for.";
    const names = positionals.length === 0 ? known : positionals;
    return { names, seconds, isJson: values.json, isForDocs: values.docs, isProfile: values.profile };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
