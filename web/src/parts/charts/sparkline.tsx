/** A small line without axes: which way something went. The value itself stands beside it. */

import "./charts.css";

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  const max = Math.max(1e-9, ...values);
  const points = values.map(
    (value, i) =>
      `${((i / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 2 - (value / max) * (HEIGHT - 4)).toFixed(1)}`,
  );
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="mf-spark"
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      {points.length < 2 ? null : <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}
