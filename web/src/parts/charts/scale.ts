/** Round numbers from zero to just above the greatest value: where the lines of a chart stand. */

const STEPS = [1, 2, 2.5, 5, 10] as const;
const TICKS = 4;

export function ticksOf(max: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(max / TICKS));
  const step = (STEPS.find((factor) => factor * power * TICKS >= max) ?? 10) * power;
  return Array.from({ length: TICKS + 1 }, (_, i) => Number((i * step).toPrecision(12))).filter(
    (_, i, all) => i === 0 || (all[i - 1] ?? 0) < max,
  );
}
