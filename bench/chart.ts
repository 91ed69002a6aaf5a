/**
 * The rates of a run as a picture for the documentation: a bar for each load, and behind it that of its baseline.
 *
 * The scale is logarithmic, since loads differ by a factor of a thousand; the figures stand beside the bars.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import type { Result } from "./document.ts";
import { type Compared, toText } from "./figures.ts";

const FILE = new URL("../docs/images/performance.svg", import.meta.url);

/** What is shown, by the ids of figures. */
const SHOWN = [
  "simple.rate",
  "simple.batch.rate",
  "chain.rate",
  "fan-out.tasks.rate",
  "mixed.rate",
  "start-only.rate",
  "expressions.rate",
];

const ROW = 44;
const LEFT = 330;
const WIDTH = 480;
const RIGHT = 130;
const TOP = 44;
/** The bars begin at one a second. */
const DECADES = 7;

export function writeChart(result: Result): void {
  mkdirSync(new URL(".", FILE), { recursive: true });
  writeFileSync(FILE, toSvg(result));
}

function toSvg({ loads, at }: Result): string {
  const shown = SHOWN.flatMap((id) => loads.flatMap(({ figures }) => findBar(id, figures)));
  const height = TOP + shown.length * ROW + 24;
  const width = LEFT + WIDTH + RIGHT;
  const rows = shown.map((bar, n) => toRow(bar, TOP + n * ROW));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>What the platform does in a second, run of ${at.slice(0, 10)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="22" fill="#1f2328" font-weight="600">In a second (dark), and the baseline of the same run (light); each line is ten times the one before</text>`,
    ...Array.from({ length: DECADES + 1 }, (_, decade) => toLine(decade, height)),
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function toLine(decade: number, height: number): string {
  const x = LEFT + (WIDTH * decade) / DECADES;
  return `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 12}" stroke="#d1d9e0"/>`;
}

interface Bar {
  readonly what: string;
  readonly value: number;
  readonly beside: number | undefined;
}

/** Beside the baseline of the same load: others have measured the same one at another moment. */
function findBar(id: string, figures: readonly Compared[]): readonly Bar[] {
  return figures
    .filter((figure) => figure.id === id)
    .map(({ what, value, baseline }) => ({
      what,
      value,
      beside: figures.find((other) => other.id === baseline)?.value,
    }));
}

function toRow({ what, value, beside }: Bar, y: number): string {
  const behind =
    beside === undefined ? "" : `<rect x="${LEFT}" y="${y}" width="${lengthOf(beside)}" height="28" fill="#d8e4f2"/>`;
  return [
    `<text x="${LEFT - 12}" y="${y + 19}" text-anchor="end" fill="#1f2328">${toXml(what)}</text>`,
    behind,
    `<rect x="${LEFT}" y="${y + 6}" width="${lengthOf(value)}" height="16" fill="#2f6db5"/>`,
    `<text x="${LEFT + Math.max(lengthOf(value), lengthOf(beside ?? 0)) + 8}" y="${y + 19}" fill="#1f2328">${toText(value)}</text>`,
  ].join("\n");
}

function lengthOf(value: number): number {
  return Math.round((WIDTH * Math.min(DECADES, Math.max(0, Math.log10(Math.max(1, value))))) / DECADES);
}

function toXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
