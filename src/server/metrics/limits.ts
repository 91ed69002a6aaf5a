import type { LimitState } from "../../host/shared/line.ts";
import { by, type Family, type MetricFacts, type Sample } from "./family.ts";

/** More keys than this would make the page grow without end: those with the longest lines are shown. */
const KEYS_MAX = 200;

export const LIMIT_METRICS: readonly Family[] = [
  {
    name: "magicflow_slots_held",
    help: "Executions that run under the limit of a key.",
    type: "gauge",
    read: (facts) => byKey(facts, ({ held }) => held),
  },
  {
    name: "magicflow_slots_waiting",
    help: "Executions that are queued for a slot of a key.",
    type: "gauge",
    read: (facts) => byKey(facts, ({ waiting }) => waiting),
  },
  {
    name: "magicflow_starts_refused_total",
    help: "Starts that a limit has refused, by the code of the answer.",
    type: "counter",
    read: ({ host }) => by("code", host.counters.refused),
  },
];

function byKey({ host, workspace }: MetricFacts, measure: (state: LimitState) => number): readonly Sample[] {
  return host
    .limits(workspace)
    .toSorted((a, b) => b.waiting - a.waiting)
    .slice(0, KEYS_MAX)
    .map((state) => ({ labels: { key: state.key }, value: measure(state) }));
}
