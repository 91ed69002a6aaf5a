/** What a metric is: a name, what it means, and how it is read off the platform at the moment somebody asks. */

import type { Host, HostHealth } from "../../host/host.ts";

/** All samples of one name. A new one is a line in one of the files beside this, and in the guide for operators. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly read: (facts: MetricFacts) => readonly Sample[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** Behind the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
}

/** What is read from. Everything is in memory but the counts of executions, which are left out while the store is away. */
export interface MetricFacts {
  readonly host: Pick<Host, "counters" | "executors" | "breakers" | "bulks" | "limits">;
  readonly health: HostHealth;
  readonly workspace: string;
  /** By status; null: the store has not said. */
  readonly executions: Readonly<Record<string, number>> | null;
  readonly version: string;
  /** When the process began to serve, in milliseconds. */
  readonly startedAt: number;
}

export function one(value: number): readonly Sample[] {
  return [{ value }];
}

/** One sample for each member. */
export function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
