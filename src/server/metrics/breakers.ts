import { by, type Family } from "./family.ts";

/** More targets than this would make the page grow without end. */
const TARGETS_MAX = 200;

const STATES = { closed: 0, half_open: 1, open: 2 } as const;

export const BREAKER_METRICS: readonly Family[] = [
  {
    name: "magicflow_circuit_breaker_state",
    help: "Circuit breakers that have counted something, by target: 0 closed, 1 half open, 2 open.",
    type: "gauge",
    read: ({ host, workspace }) =>
      host.breakers
        .states(workspace)
        .slice(0, TARGETS_MAX)
        .map(({ target, state }) => ({ labels: { target }, value: STATES[state] })),
  },
  {
    name: "magicflow_circuit_breaker_transitions_total",
    help: "How often circuit breakers have come to a state.",
    type: "counter",
    read: ({ host }) => by("to", host.counters.breakers),
  },
];
