/** Puts the figures of a run into `docs/performance.md`, between its two marks; the words around them are written by hand. */

import { readFileSync, writeFileSync } from "node:fs";
import { type Compared, toText } from "./figures.ts";

/** Everything that a run has found out. */
export interface Result {
  readonly at: string;
  readonly seconds: number;
  readonly machine: Machine;
  /** Loads that could not be measured. */
  readonly failures: readonly string[];
  readonly loads: readonly Measured[];
}

export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly magicflow: string;
}

export interface Measured {
  readonly name: string;
  readonly about: string;
  readonly figures: readonly Compared[];
}

const DOCUMENT = new URL("../docs/performance.md", import.meta.url);
/** What a machine at rest does by itself. */
const QUIET_PROCESSORS = 0.2;

const BEGIN = "<!-- figures -->";
const END = "<!-- end of figures -->";

export function writeDocument(result: Result): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`Expected docs/performance.md to have ${BEGIN} and ${END}.`);
  writeFileSync(DOCUMENT, `${text.slice(0, begin + BEGIN.length)}\n\n${toMarkdown(result)}\n${text.slice(end)}`);
}

function toMarkdown({ at, seconds, machine, failures, loads }: Result): string {
  const { processors, model, memoryGb, platform, node, magicflow } = machine;
  const missing = failures.length === 0 ? "" : ` Could not be measured: ${failures.join(", ")}.`;
  const about = `One run of ${at.slice(0, 10)}: Magic Flow ${magicflow}, Node ${node}, ${platform}, ${processors} processors (${model}), ${memoryGb} GB, about ${seconds} s for each load. ${busyWith(loads)}${missing}`;
  return [about, ...loads.map(toSection)].join("\n\n").concat("\n");
}

/** A reader has to know whether the machine was ours. */
function busyWith(loads: readonly Measured[]): string {
  const others = loads.flatMap(({ figures }) => figures.filter(({ id }) => id === "others")).map(({ value }) => value);
  const mean = others.reduce((sum, value) => sum + value, 0) / Math.max(1, others.length);
  return mean < QUIET_PROCESSORS
    ? "The machine was quiet."
    : `The machine was not quiet: around the loads other work used ${mean.toFixed(1)} of its processors, so rates are low, times are long, and only ratios and times for each say much.`;
}

function toSection({ name, about, figures }: Measured): string {
  const rows = figures.map(({ what, value, unit, ratio, baseline }) => {
    const compared = ratio === null ? "" : `${toText(ratio)} x \`${baseline}\``;
    // The name of the load stands above already.
    const shown = what.replace(new RegExp(`^${name}(: |, | )`), "").replaceAll("|", "\\|");
    return `| ${shown} | ${toText(value)} ${unit} | ${compared} |`;
  });
  return [`### ${name}`, "", about, "", "| | | of the baseline |", "| --- | ---: | ---: |", ...rows].join("\n");
}
