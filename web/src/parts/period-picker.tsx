/** Which time a page is about: always one that ends now. */

import { SegmentedControl } from "@mantine/core";
import type { Period } from "../../../src/core/protocol/periods.ts";

const CHOICES: readonly { readonly value: Period; readonly label: string }[] = [
  { value: "15m", label: "15 min" },
  { value: "1h", label: "1 h" },
  { value: "6h", label: "6 h" },
  { value: "24h", label: "24 h" },
  { value: "7d", label: "7 d" },
  { value: "30d", label: "30 d" },
];

export function isPeriod(value: unknown): value is Period {
  return CHOICES.some((choice) => choice.value === value);
}

export function PeriodPicker({
  period,
  change,
}: {
  readonly period: Period;
  readonly change: (period: Period) => void;
}) {
  return (
    <div className="mf-scroll">
      <SegmentedControl
        size="xs"
        aria-label="Period"
        data={CHOICES.map((choice) => choice)}
        value={period}
        onChange={(value) => isPeriod(value) && change(value)}
      />
    </div>
  );
}
