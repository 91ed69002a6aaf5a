/**
 * Simulation by hand:
 *
 *     npm run simulate -- --seed 417          plays one seed and prints what happened
 *     npm run simulate -- --runs 10000        explores; from seed 1, or from --from
 *     npm run simulate -- --bugs              plants every bug and says after how many seeds it was seen
 *     npm run simulate -- --seed 4 --bug "lose a signal"
 *     npm run simulate -- --kill-points       kills the process at every call of the store of every reference run
 *     npm run simulate -- --kill-points chain of one of them
 *
 * Ends with 1 if something was found that should not be there, and says with which seed.
 */

import { parseArgs } from "node:util";

import { killEverywhere } from "./kill-points.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";
import { REFERENCES } from "./references.ts";
import { find, simulate } from "./simulate.ts";

const PROGRESS_MS = 10_000;
const SEEDS_FOR_A_BUG = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    bug: { type: "string" },
    bugs: { type: "boolean", default: false },
    "kill-points": { type: "boolean", default: false },
  },
});

if (values["kill-points"]) await killAtEveryCall(positionals);
else if (values.bugs) await plant();
else if (values.seed !== undefined) await replay(Number(values.seed), values.bug);
else await explore(Number(values.from), Number(values.runs));

async function replay(seed: number, name: string | undefined): Promise<void> {
  const bug = PLANTED_BUGS.find((planted) => planted.name === name);
  const played = await simulate(seed, bug === undefined ? {} : { bug });
  console.log(played.trace.join("\n"));
  console.log(`\nseed ${seed}: ${played.executions} executions, ${played.faults} faults, trace ${played.fingerprint}`);
  tell(played.violation);
}

async function explore(from: number, runs: number): Promise<void> {
  const begun = performance.now();
  let shown = begun;
  let faults = 0;
  const broken: number[] = [];
  for (let seed = from; seed < from + runs; seed++) {
    const played = await simulate(seed);
    faults += played.faults;
    if (played.violation !== null) {
      broken.push(seed);
      console.log(`seed ${seed}: ${played.violation.rule}. ${played.violation.message}`);
    }
    if (performance.now() - shown < PROGRESS_MS) continue;
    shown = performance.now();
    const done = seed - from + 1;
    const left = ((shown - begun) / done) * (runs - done);
    console.log(`${done} of ${runs} runs, ${faults} faults, ${broken.length} broken, ${Math.ceil(left / 1000)} s left`);
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${runs} runs, ${faults} faults, ${broken.length} broken, ${seconds} s`);
  if (broken.length === 0) return;
  console.log(`Play one again with: npm run simulate -- --seed ${broken[0]}`);
  process.exitCode = 1;
}

async function plant(): Promise<void> {
  for (const bug of PLANTED_BUGS) {
    const found = await find(bug, SEEDS_FOR_A_BUG, 1);
    if (found === null) process.exitCode = 1;
    console.log(`${bug.name}: ${found === null ? "NOT SEEN" : `seed ${found.seed}: ${found.violation?.rule}`}`);
  }
}

async function killAtEveryCall(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !REFERENCES.some((reference) => reference.name === name));
  if (unknown.length > 0) {
    console.error(
      `Expected names among ${REFERENCES.map(({ name }) => name).join(", ")}, but met ${unknown.join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  for (const reference of REFERENCES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const begun = performance.now();
    const { storeCalls, runs, broken } = await killEverywhere(reference);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${reference.name}: ${storeCalls} calls, ${runs} runs, ${broken.length} broken, ${seconds} s`);
    for (const { killPoint, violation, trace } of broken) {
      if (names.length > 0) console.log(trace.join("\n"));
      console.log(killPoint === null ? "without a kill" : `killed ${killPoint.when} call ${killPoint.call}`);
      tell(violation);
    }
  }
}

function tell(violation: { readonly rule: string; readonly message: string } | null): void {
  if (violation === null) return;
  console.log(`Expected that ${violation.rule}, but: ${violation.message}`);
  process.exitCode = 1;
}
