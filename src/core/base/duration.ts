const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNIT_MS;

/** A hundred years. Longer is surely a slip, and it keeps every due time far inside what a number holds exactly. */
const DURATION_MS_MAX = 36_525 * UNIT_MS.d;

/** `90s`, `10m`, `1h30m`, `7d`, `250ms`; a bare number is seconds. Null where the text is no such duration. */
export function parseDuration(source: string | number): number | null {
  if (typeof source === "number") return within(source * 1000);
  const text = source.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return within(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as Unit];
  }
  return within(total);
}

function within(ms: number): number | null {
  return Number.isFinite(ms) && ms >= 0 && ms <= DURATION_MS_MAX ? Math.round(ms) : null;
}

/** The shortest spelling: 5,400,000 is `1h30m`, 250 is `250ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    if (amount === 0) continue;
    text += `${amount}${unit}`;
    rest -= amount * UNIT_MS[unit];
  }
  return text;
}
