/**
 * The workflows that are played, and what each needs of the outside. To add one, add its file and a line here.
 *
 * A workflow can be registered in two versions, which differ in nothing that counts: what runs stays with the one that it
 * began with.
 */

import { readFileSync } from "node:fs";

import { defined } from "../../src/core/base/bug.ts";
import type { JsonObject } from "../../src/core/base/json.ts";
import { toRfc3339 } from "../../src/core/base/time.ts";
import type { Definition } from "../../src/core/language/definition.ts";
import { loadWorkflow } from "../../src/core/language/load.ts";
import type { Chance } from "./chance.ts";

export interface Scenario {
  readonly name: string;
  readonly text: string;
  /** Workflows that it starts as children. */
  readonly children: readonly string[];
  /** How likely it is drawn: what takes long is drawn seldom. */
  readonly weight: number;
  readonly signals: readonly string[];
  /** Events that somebody publishes for it, by its own key. */
  readonly events: readonly string[];
  /** Events for everybody. */
  readonly announcements: readonly string[];
  /** A start may be answered with an execution that another one has begun. */
  readonly isShared: boolean;
  /** `key` is what its events are correlated by. */
  input(given: { token: string; key: string; now: number; chance: Chance }): JsonObject;
}

type Needs = Partial<Omit<Scenario, "name" | "text">>;

const items = (chance: Chance) => Array.from({ length: chance.between(0, 5) }, (_, i) => `item-${i}`);

const inLane: Scenario["input"] = ({ token, chance }) => ({
  token,
  lane: chance.pick(["left", "right"]),
  way: chance.pick(["up", "down"]),
});

const NEEDS: Readonly<Record<string, Needs>> = {
  chain: {},
  "side-by-side": {},
  "in-turn": { input: ({ token, chance }) => ({ token, items: items(chance) }) },
  "at-once": { input: ({ token, chance }) => ({ token, items: items(chance) }) },
  tidy: {},
  family: { children: ["leaf", "chain"] },
  leaf: {},
  naps: {
    input: ({ token, now, chance }) => ({
      token,
      short: `${chance.between(1, 3000)}ms`,
      until: toRfc3339(now + chance.between(-5000, 90_000)),
    }),
  },
  sleeper: {},
  asked: { signals: ["approve", "hurry", "approve"] },
  meeting: { events: ["paid", "shipped"], weight: 4 },
  listener: { announcements: ["announced"], weight: 4 },
  stubborn: {},
  hurried: { signals: ["hurry"] },
  "second-best": {},
  early: { input: ({ token, chance }) => ({ token, how: chance.pick(["return", "fail", "stay"]) }) },
  thousand: { weight: 0.3 },
  again: {},
  calls: {},
  undone: { signals: ["hurry"], input: ({ token, chance }) => ({ token, items: items(chance) }) },
  mended: {},
  "first-of": {},
  overdue: {},
  ruled: {},
  sorted: {},
  "called-off": { children: ["asked"] },
  teller: {},
  hearer: {},
  "one-at-a-time": {},
  pool: { signals: ["approve"], input: inLane, weight: 4 },
  "turned-away": { input: inLane },
  newest: { input: inLane },
  clan: { children: ["nest"], weight: 3 },
  nest: { input: ({ token, chance }) => ({ token, depth: chance.between(0, 2) }) },
  "put-off": { input: inLane, isShared: true, weight: 4 },
  alone: { input: inLane, isShared: true, weight: 3 },
  metered: {},
  tripped: {},
  guarded: { weight: 3 },
};

export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  Object.entries(NEEDS).map(([name, needs]) => [
    name,
    {
      name,
      text: readFileSync(new URL(`./scenarios/${name}.yaml`, import.meta.url), "utf8"),
      children: [],
      weight: 2,
      signals: [],
      events: [],
      announcements: [],
      isShared: false,
      input: ({ token, key }) => ({ token, key }),
      ...needs,
    },
  ]),
);

/** Some of them, with all that they start. */
export function drawScenarios(chance: Chance, count: number): readonly Scenario[] {
  const lottery = [...SCENARIOS.values()].flatMap((scenario) =>
    Array.from({ length: Math.round(scenario.weight * 10) }, () => scenario),
  );
  const [first, ...rest] = lottery;
  const drawn = new Set<Scenario>();
  while (drawn.size < count) {
    const scenario = chance.pick([defined(first, "a scenario"), ...rest]);
    drawn.add(scenario);
  }
  return [...drawn];
}

export function scenarioOf(name: string): Scenario {
  return defined(SCENARIOS.get(name), `a scenario "${name}"`);
}

/** The same work under a higher version. */
export function newerText(scenario: Scenario): string {
  return scenario.text.replace("version: 1.0.0", "version: 1.1.0, description: Newer.");
}

const compiled = new Map<string, Definition>();

/** For replaying histories: compiled once for all runs, because a definition never changes. */
export function definitionOf(name: string, version: string): Definition {
  const place = `${name}@${version}`;
  const known = compiled.get(place);
  if (known !== undefined) return known;
  const scenario = scenarioOf(name);
  const { definition } = loadWorkflow(version === "1.0.0" ? scenario.text : newerText(scenario));
  const made = defined(definition, `scenario "${name}" to be without errors`);
  compiled.set(place, made);
  return made;
}
