/**
 * Circuit breakers as the rest of the host sees them: a look for decisions, lost leases from the board, and what people ask.
 *
 * All shards of a node are in one memory, so a decision looks at the record itself. Where the record's shard stands still
 * nobody can look, and the execution has to ask: its message waits until the shard goes on.
 */

import type { Instant } from "../../core/base/time.ts";
import {
  type BreakerCommand,
  type BreakerPhase,
  type BreakerSettings,
  type CircuitView,
  CLOSED_CIRCUIT,
} from "../../core/engine/circuit.ts";
import type { SharedPlace } from "../../core/engine/sharing.ts";
import { type Breaker, circuitView, phaseAt, trialsOf, windowOf } from "../../core/shared/breaker.ts";
import type { Caller, Transition } from "../../core/shared/breaker-state.ts";
import type { Loss } from "../board.ts";
import type { DeclaredCircuit } from "../circuits.ts";
import type { Loop } from "../loop.ts";
import type { Outcome } from "../refusal.ts";
import { peekRecord, shardOfPlace } from "./records.ts";
import { askShared } from "./take-shared.ts";

export interface Breakers {
  /** Those that active versions declare and those that have counted something, in the order of their targets. */
  list(workspace: string): Promise<readonly BreakerRecord[]>;
  read(request: { workspace: string; target: string }): Promise<BreakerRecord | null>;
  /** Of those that have counted something. */
  states(workspace: string): readonly { readonly target: string; readonly state: BreakerPhase }[];
  /** Closes it, and lets everybody in its line go on. Resolves after the commit. */
  reset(request: {
    workspace: string;
    target: string;
    by: string;
  }): Promise<Outcome<{ readonly record: BreakerRecord }>>;
}

export interface BreakerRecord {
  readonly target: string;
  readonly state: BreakerPhase;
  /** Null: it has never been anything but closed. */
  readonly since: Instant | null;
  /** While open: when it lets calls through to see. */
  readonly until: Instant | null;
  /** In a row. */
  readonly failures: number;
  readonly window: { readonly calls: number; readonly failures: number };
  /** Those in force; null: no active version declares it, and nothing has been counted. */
  readonly settings: BreakerSettings | null;
  readonly declaredBy: Pick<DeclaredCircuit, "workflow" | "version" | "step"> | null;
  /** While half open: calls that are out to see, and how many have succeeded. */
  readonly trials: readonly Caller[];
  readonly successes: number;
  /** First who is next. */
  readonly line: readonly Caller[];
  /** Oldest first. */
  readonly transitions: readonly Transition[];
}

type BreakerPlace = SharedPlace & { readonly kind: "breaker" };

/** The look that a decision takes. */
export function circuitsFor(loop: Loop, workspace: string): (target: string) => CircuitView {
  return (target) => {
    const place = placeOf(target);
    if (shardOfPlace(loop, workspace, place).status !== "running") return UNKNOWN;
    const state = stateOf(loop, workspace, target);
    const view = state === null ? CLOSED_CIRCUIT : circuitView(state, loop.clock.now());
    const declared = loop.definitions.circuits.find(workspace, target);
    const isRateCounted = (declared?.settings.failureRateThreshold ?? null) !== null;
    return isRateCounted && view.isQuiet ? { ...view, isQuiet: false } : view;
  };
}

const UNKNOWN: CircuitView = { state: "unknown", until: null, isFull: false, isQuiet: false };

/** Every message to a breaker brings the settings along that are in force when it is sent. */
export function withSettingsInForce<Command extends { readonly kind: string }>(
  loop: Loop,
  workspace: string,
  place: SharedPlace,
  command: Command,
): Command {
  if (place.kind !== "breaker" || !("settings" in command)) return command;
  const declared = loop.definitions.circuits.find(workspace, place.key);
  return declared === null ? command : { ...command, settings: declared.settings };
}

/** A lost lease counts at once. Where it cannot be told now, the end of the attempt will tell. */
export function reportLoss(loop: Loop, { workspace, taskId, circuit }: Loss): void {
  const place = placeOf(circuit.target);
  const command: BreakerCommand = { kind: "ReportCall", taskId, outcome: "failure", settings: circuit.settings };
  void askShared(loop, workspace, place, withSettingsInForce(loop, workspace, place, command));
}

export function createBreakers(loop: Loop): Breakers {
  const { circuits } = loop.definitions;

  function recordOf(workspace: string, target: string, declared: DeclaredCircuit | null): BreakerRecord {
    const now = loop.clock.now();
    const state = stateOf(loop, workspace, target);
    const settings = declared?.settings ?? state?.settings ?? null;
    const declaredBy =
      declared === null ? null : { workflow: declared.workflow, version: declared.version, step: declared.step };
    if (state === null) return { ...NOTHING_COUNTED, target, settings, declaredBy };
    const phase = phaseAt(state, now);
    return {
      target,
      state: phase,
      since: sinceOf(state, phase),
      until: phase === "open" ? state.until : null,
      failures: state.failures,
      window: windowOf(state, now),
      settings,
      declaredBy,
      trials: trialsOf(state, now),
      successes: state.successes,
      line: [...state.line.values()].toSorted((a, b) => a.place - b.place),
      transitions: state.transitions,
    };
  }

  async function declaredIn(workspace: string): Promise<ReadonlyMap<string, DeclaredCircuit>> {
    return new Map((await circuits.list(workspace)).map((circuit) => [circuit.target, circuit]));
  }

  async function read(workspace: string, target: string): Promise<BreakerRecord | null> {
    const declared = (await declaredIn(workspace)).get(target) ?? null;
    const isKnown = declared !== null || stateOf(loop, workspace, target) !== null;
    return isKnown ? recordOf(workspace, target, declared) : null;
  }

  return {
    async list(workspace) {
      const declared = await declaredIn(workspace);
      const counted = countedIn(loop, workspace);
      const targets = [...new Set([...declared.keys(), ...counted])].toSorted();
      return targets.map((target) => recordOf(workspace, target, declared.get(target) ?? null));
    },
    read: ({ workspace, target }) => read(workspace, target),
    states: (workspace) =>
      countedIn(loop, workspace).flatMap((target) => {
        const state = stateOf(loop, workspace, target);
        return state === null ? [] : [{ target, state: phaseAt(state, loop.clock.now()) }];
      }),
    async reset({ workspace, target, by }) {
      if ((await read(workspace, target)) === null) return { ok: false, refusal: breakerUnknown(target) };
      const outcome = await askShared(loop, workspace, placeOf(target), { kind: "ResetBreaker", by });
      if (!outcome.ok) return outcome;
      const declared = (await declaredIn(workspace)).get(target) ?? null;
      return { ok: true, record: recordOf(workspace, target, declared) };
    },
  };
}

const NOTHING_COUNTED: Omit<BreakerRecord, "target" | "settings" | "declaredBy"> = {
  state: "closed",
  since: null,
  until: null,
  failures: 0,
  window: { calls: 0, failures: 0 },
  trials: [],
  successes: 0,
  line: [],
  transitions: [],
};

/** An open breaker whose time is over is half open since then, though nobody has asked yet. */
function sinceOf(state: Breaker, phase: BreakerPhase): Instant | null {
  if (phase !== state.phase) return state.until;
  return state.since === 0 ? null : state.since;
}

function countedIn(loop: Loop, workspace: string): readonly string[] {
  return loop.shards.flatMap((shard) =>
    [...shard.records.values()]
      .filter((record) => record.place.kind === "breaker" && record.workspace === workspace)
      .map((record) => record.place.key),
  );
}

function stateOf(loop: Loop, workspace: string, target: string): Breaker | null {
  return (peekRecord(loop, workspace, placeOf(target))?.state ?? null) as Breaker | null;
}

function placeOf(key: string): BreakerPlace {
  return { kind: "breaker", key };
}

export function breakerUnknown(target: string): { readonly code: "BREAKER_NOT_FOUND"; readonly message: string } {
  return {
    code: "BREAKER_NOT_FOUND",
    message: `Expected a circuit breaker of ${JSON.stringify(target)}, but no active workflow declares it and nothing has been counted for it.`,
  };
}
