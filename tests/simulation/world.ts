/**
 * All that a simulated run consists of. There is one of everything, and whoever acts in it is given the world.
 *
 *     callers ┐                       ┌ process (host, board) ┐
 *     executors ├─► network ─► process ┤                       ├─► store with faults ─► disk, and its witness
 *     readers ┘                       └ clock with faults     ┘
 *              everything waits in one timeline, everything chances by one pair of dice
 */

import { HOST_LIMITS, type HostLimits } from "../../src/host/loop.ts";
import type { Chance } from "./chance.ts";
import { createChance } from "./chance.ts";
import { type Disk, openDisk } from "./disk.ts";
import { createFaults, type Faults } from "./faults.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import type { Process } from "./process.ts";
import { KEPT, retentionOf } from "./removals.ts";
import type { Scenario } from "./scenarios.ts";
import { drawScenarios, scenarioOf } from "./scenarios.ts";
import { createTimeline, createWall, type Timeline, type Wall } from "./timeline.ts";
import { createTrace, type Trace } from "./trace.ts";

export interface World {
  readonly seed: number;
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly wall: Wall;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly disk: Disk;
  /** What is wrong on purpose, to see whether it is seen. */
  readonly bug: PlantedBug | null;
  readonly cast: Cast;
  readonly limits: Pick<
    HostLimits,
    "payloadBytesMax" | "executionsInMemory" | "inboxMax" | "concurrentMax" | "replay" | "retention"
  >;
  /** The process that requests go to; null while there is none. */
  process: Process | null;
  /** One that was replaced and does not know it yet. */
  formerProcess: Process | null;
  /** How many processes there have been. */
  births: number;
  /** How often somebody has set the clock, and when for the last time. */
  jumps: number;
  jumpedAt: number;
  /** Everything that was answered with yes, to be held to its word at the end. */
  readonly promises: Promised[];
  /** Pauses that have been answered with yes, by their commands. */
  readonly pausesHeard: Set<string>;
  /** Dead letters that somebody has asked to be dropped or begun anew, whether that was heard or not. */
  readonly lettersOpened: Set<string>;
  /** Each time that a task was handed out. */
  readonly deliveries: Map<string, readonly Delivered[]>;
  /** Why the store serves nobody at the moment. */
  outage: "gone" | "full" | null;
  /** The first thing that was found; the run ends with it. */
  violation: Violation | null;
  /** From here on nothing goes wrong any more. */
  readonly isCalm: boolean;
  /** Since when. */
  calmAt: number | null;
  /** Everybody stops acting. */
  isOver: boolean;
  /** How many requests came twice. */
  doubled: number;
  /** How often the store has been called. */
  storeCalls: number;
  /** The one call at which the process dies: before the store has it, or once it is done. */
  readonly killPoint: KillPoint | null;
  /** What executors are told to do with certain tasks; null: what they like. */
  readonly manners: Manners | null;
  readonly fail: Fail;
  note(who: string, what: string): void;
  sleep(ms: number): Promise<void>;
}

export interface Violation {
  /** What should hold. */
  readonly rule: string;
  /** What does not. */
  readonly message: string;
}

export type Fail = (rule: string, message: string) => void;

export interface Promised {
  readonly rule: string;
  readonly about: string;
  holds(): boolean;
}

export interface Delivered {
  readonly at: number;
  readonly passed: number;
  readonly delivery: number;
}

export interface KillPoint {
  /** From 1. */
  readonly call: number;
  readonly when: "before" | "after";
}

/** `silent`: it is taken, and never answered. */
export type Manners = (task: { readonly function: string; readonly attempt: number }) => "fails" | "silent" | null;

/** A world in which nothing is left to chance that counts. */
export interface WorldPlan {
  readonly scenarios: readonly Scenario[];
  readonly killPoint: KillPoint | null;
  readonly manners: Manners;
}

/** What is played. */
export interface Cast {
  readonly scenarios: readonly Scenario[];
  /** Those and the children that they start. */
  readonly registered: readonly Scenario[];
}

export const START = 1_800_000_000_000;
export const WORKSPACE = "default";
export const OTHER_WORKSPACE = "other";

const SCENARIOS_IN_A_RUN = 4;

/** Histories are short in here, so snapshots are made for the shortest, with every decision or now and then. */
const SNAPSHOTS_ALWAYS = { bytes: 1, events: 1, growth: 0 };
const SNAPSHOTS_OFTEN = { bytes: 600, events: 2, growth: 0.3 };

export function createWorld(seed: number, bug: PlantedBug | null, plan: WorldPlan | null = null): World {
  const chance = createChance(seed);
  const timeline = createTimeline();
  const wall = createWall(timeline, START);
  const trace = createTrace();
  const note = (who: string, what: string) => trace.note(timeline.passed, who, what);
  const fail: Fail = (rule, message) => {
    if (world.violation !== null) return;
    note("VIOLATION", `${rule}: ${message}`);
    world.violation = { rule, message };
  };
  const scenarios = plan?.scenarios ?? drawScenarios(chance, SCENARIOS_IN_A_RUN);
  const retention = plan === null ? retentionOf(seed) : KEPT;
  const world: World = {
    seed,
    chance,
    timeline,
    wall,
    trace,
    faults: createFaults(chance, (fault) => note("fault", fault)),
    disk: openDisk({ shards: chance.between(1, 4), wall, passed: () => timeline.passed, retention, fail }),
    bug,
    cast: { scenarios, registered: [...new Set([...scenarios, ...scenarios.flatMap(withChildren)])] },
    limits: {
      payloadBytesMax: 4096,
      executionsInMemory: chance.pick([1, 4, 50_000]),
      inboxMax: chance.pick([3, 10_000, 10_000]),
      concurrentMax: chance.pick([null, null, null, 2]),
      replay: chance.pick([SNAPSHOTS_ALWAYS, SNAPSHOTS_OFTEN, HOST_LIMITS.replay]),
      retention,
    },
    process: null,
    formerProcess: null,
    births: 0,
    jumps: 0,
    jumpedAt: 0,
    promises: [],
    pausesHeard: new Set(),
    lettersOpened: new Set(),
    deliveries: new Map(),
    outage: null,
    violation: null,
    calmAt: null,
    get isCalm() {
      return world.calmAt !== null;
    },
    isOver: false,
    doubled: 0,
    storeCalls: 0,
    killPoint: plan?.killPoint ?? null,
    manners: plan?.manners ?? null,
    fail,
    note,
    sleep: (ms) => new Promise((resolve) => timeline.after(ms, resolve)),
  };
  return world;
}

function withChildren(scenario: Scenario): readonly Scenario[] {
  return scenario.children.map(scenarioOf);
}
