/** What the address of the overview says. */

import type { Period } from "../../../src/core/protocol/periods.ts";
import { isPeriod } from "../parts/period-picker.tsx";

export interface OverviewSearch {
  readonly period?: Period;
}

export function parseOverviewSearch(search: Readonly<Record<string, unknown>>): OverviewSearch {
  const { period } = search;
  return isPeriod(period) ? { period } : {};
}
