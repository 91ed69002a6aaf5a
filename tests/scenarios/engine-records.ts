/** What executions share, for the pure engine's stage: breakers and slots as their own pure machines, kept by their key. */

import type { CircuitView } from "../../src/core/engine/circuit.ts";
import { CLOSED_CIRCUIT } from "../../src/core/engine/circuit.ts";
import type { Command } from "../../src/core/engine/commands.ts";
import type { SharedPlace } from "../../src/core/engine/sharing.ts";
import { BREAKER, type Breaker, circuitView } from "../../src/core/shared/breaker.ts";
import type { SharedKind } from "../../src/core/shared/kind.ts";
import { slotsKind } from "../../src/core/shared/slots.ts";

export interface Sent {
  readonly executionId: string;
  readonly command: Command;
}

export interface Records {
  /** What it says to executions. */
  tell(place: SharedPlace, command: { readonly kind: string }, now: number): readonly Sent[];
  circuit(target: string, now: number): CircuitView;
  /** The next moment at which one of them wants to be told the time. */
  next(): { readonly due: number; readonly place: SharedPlace } | null;
}

interface Machine {
  readonly place: SharedPlace;
  readonly state: unknown;
  decide(command: { readonly kind: string }, now: number): readonly Sent[];
  dueAt(): number | null;
}

export function createRecords(): Records {
  const machines = new Map<string, Machine>();
  const machineOf = (place: SharedPlace): Machine => {
    const id = `${place.kind}/${place.key}`;
    const machine = machines.get(id) ?? createMachine(place);
    machines.set(id, machine);
    return machine;
  };
  return {
    tell: (place, command, now) => machineOf(place).decide(command, now),
    circuit(target, now) {
      const machine = machines.get(`breaker/${target}`);
      return machine === undefined ? CLOSED_CIRCUIT : circuitView(machine.state as Breaker, now);
    },
    next() {
      const dues = [...machines.values()].flatMap((machine) => {
        const due = machine.dueAt();
        return due === null ? [] : [{ due, place: machine.place }];
      });
      return dues.toSorted((a, b) => a.due - b.due)[0] ?? null;
    },
  };
}

function createMachine(place: SharedPlace): Machine {
  switch (place.kind) {
    case "breaker":
      return machineWith(place, BREAKER);
    case "slots":
      return machineWith(place, slotsKind(place.key));
    default:
      throw new Error(`Expected a scenario with records of kind ${place.kind} to say "levels: [host, process]".`);
  }
}

function machineWith<State, SharedCommand, Event, Answer>(
  place: SharedPlace,
  kind: SharedKind<State, SharedCommand, Event, Answer>,
): Machine {
  const state = kind.create();
  return {
    place,
    state,
    // Whoever sends to a place knows its kind.
    decide: (command, now) =>
      kind
        .decide(state, command as SharedCommand, now)
        .events.flatMap((event) => kind.consequencesOf(state, event).sends),
    dueAt: () => kind.dueAt(state),
  };
}
