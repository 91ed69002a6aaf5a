/** What a benchmark finds out, and how it is shown: one line each, beside the baseline that it is compared with. */

export interface Figure {
  /** `{load}.{what}`, for programs. */
  readonly id: string;
  /** For people. */
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** Id of the figure of the same run that it is divided by. */
  readonly baseline?: string;
}

export type Unit = "/s" | "us" | "ms" | "s" | "MB" | "bytes" | "%" | "";

export interface Compared extends Figure {
  readonly ratio: number | null;
}

export function compare(figures: readonly Figure[]): readonly Compared[] {
  const values = new Map(figures.map(({ id, value }) => [id, value]));
  return figures.map((figure) => {
    const divisor = figure.baseline === undefined ? undefined : values.get(figure.baseline);
    return { ...figure, ratio: divisor === undefined || divisor === 0 ? null : figure.value / divisor };
  });
}

export function toTable(figures: readonly Compared[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  return figures
    .map(({ what, value, unit, ratio, baseline }) => {
      const compared = ratio === null ? "" : `${toText(ratio).padStart(9)} x ${baseline}`;
      return `  ${what.padEnd(width)}  ${toText(value).padStart(10)} ${unit.padEnd(5)}${compared}`.trimEnd();
    })
    .join("\n");
}

/** Three digits say all that can be known of a time on a shared machine. */
export function toText(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toPrecision(Math.max(3, Math.ceil(Math.log10(Math.abs(value)))))).toLocaleString("en", {
    maximumFractionDigits: Math.min(digits, 6),
  });
}
