/**
 * An execution as text, from which it goes on without its past: loading costs what is alive, and not what has happened.
 *
 *     execution ──toSnapshot──► text ──fromSnapshot──► an equal execution, or null where the text does not fit
 *
 * A snapshot is a copy of what the history tells, made by this program for itself: whoever cannot use one replays the
 * history. So nothing is ever migrated. `SNAPSHOT_VERSION` is drawn from the tables below, which name every member of the
 * state: another state has another version by itself. Where members stay and change their meaning, `FORMAT` is raised.
 *
 * The working lists are written too. They could be made anew from the tree, but what is due at one time and what has to be
 * looked at have an order, and an execution that was loaded should decide exactly what the one that was not would.
 */

import type { Json } from "../base/json.ts";
import { fnv1a } from "../base/random.ts";
import type { Definition } from "../language/definition.ts";
import type { Look } from "./agenda.ts";
import { restoreTimer } from "./dues.ts";
import type {
  Compensation,
  ErrorSteps,
  Execution,
  Inner,
  KeptIteration,
  KeptSignal,
  ScopeState,
  SlotsHeld,
  StepState,
} from "./execution.ts";
import { createExecution } from "./execution.ts";
import { createEmptyScope, createEmptyStep } from "./scopes.ts";
import {
  type Field,
  list,
  map,
  nullable,
  payload,
  plain,
  type Reader,
  record,
  scopeNumber,
  set,
  stepNumber,
  TooLong,
  variant,
  Writer,
} from "./snapshot-fields.ts";
import type { Timer } from "./timers.ts";

/** What stands in a table below with the same name and means something else than before. */
const FORMAT = 1;

const error = payload<ScopeState["error"]>();

const inner: Field<Inner> = variant<Inner>({
  task: { executor: plain(), function: plain(), secrets: payload(), scheduledAt: plain(), circuit: payload() },
  choice: { scope: nullable(scopeNumber) },
  parallel: {
    branches: list(nullable(scopeNumber)),
    running: plain(),
    completed: plain(),
    failed: plain(),
    firstError: error,
  },
  loop: {
    items: payload(),
    count: plain(),
    started: plain(),
    running: map(scopeNumber),
    completed: plain(),
    failed: plain(),
    cancelled: plain(),
    firstError: error,
    kept: map(record<KeptIteration>({ index: plain(), status: plain(), error, steps: payload() })),
    broken: map(scopeNumber),
    attempts: map(plain()),
  },
  try: { phase: plain(), body: scopeNumber, catch: nullable(scopeNumber), finally: nullable(scopeNumber) },
  child: { executionId: plain(), workflow: plain(), version: plain() },
  wait: {},
  event: { event: plain(), correlation: plain() },
});

const step: Field<StepState> = record<StepState>({
  index: plain(),
  path: plain(),
  scope: scopeNumber,
  status: plain(),
  reason: plain(),
  attempt: plain(),
  attemptBase: plain(),
  startedAt: plain(),
  finishedAt: plain(),
  endSeq: plain(),
  input: payload(),
  output: payload(),
  error,
  taken: plain(),
  dead: plain(),
  settled: plain(),
  closing: payload(),
  deadline: plain(),
  totalDeadline: plain(),
  wake: plain(),
  inner: nullable(inner),
  fallback: nullable(scopeNumber),
  holdsEdges: plain(),
});

const scope: Field<ScopeState> = record<ScopeState>({
  index: plain(),
  prefix: plain(),
  owner: nullable(stepNumber),
  parent: nullable(scopeNumber),
  names: nullable(map<string, Json>(payload())),
  iteration: plain(),
  role: plain(),
  status: plain(),
  outcome: plain(),
  error,
  suppressed: list(payload()),
  spared: set(plain()),
  failurePath: nullable(scopeNumber),
  open: plain(),
  steps: list(stepNumber),
  ready: list(stepNumber),
});

/** What an execution consists of: its own members, and the working lists by what is in them. */
type State = Omit<Execution, "agenda" | "timers" | "wakeAt" | "hasWork" | "hasEnded">;

const state: Field<State> = record<State>({
  id: plain(),
  workspace: plain(),
  status: plain(),
  length: plain(),
  lastAt: plain(),
  startedAt: plain(),
  version: plain(),
  input: payload(),
  metadata: payload(),
  priority: plain(),
  parent: payload(),
  origin: payload(),
  due: plain(),
  runTimeoutMs: plain(),
  limitDue: plain(),
  paused: payload(),
  ending: payload(),
  root: nullable(scopeNumber),
  steps: map(stepNumber),
  variables: map(payload()),
  signals: list(record<KeptSignal>({ seq: plain(), name: plain(), data: payload(), bytes: plain() })),
  eventWaits: set(stepNumber),
  known: set(plain()),
  childrenCount: plain(),
  attempts: map(plain()),
  undoable: list(stepNumber),
  compensation: nullable(
    record<Compensation>({
      steps: list(stepNumber),
      next: plain(),
      running: map(scopeNumber),
      ended: plain(),
    }),
  ),
  firedRules: set(plain()),
  errorSteps: record<ErrorSteps>({
    over: list(plain()),
    stage: plain(),
    place: plain(),
    running: nullable(scopeNumber),
  }),
  fallback: nullable(scopeNumber),
  restarts: plain(),
  isNearLimit: plain(),
  openTasks: plain(),
  slots: nullable(
    record<SlotsHeld>({
      needs: payload(),
      held: plain(),
      isQueued: plain(),
      turn: plain(),
      begins: plain(),
      timeoutMs: payload(),
    }),
  ),
  stepInputs: map(payload()),
});

const timers: Field<Omit<Timer, "counts">[]> = list(
  record<Omit<Timer, "counts">>({ due: plain(), order: plain(), kind: plain(), step: nullable(stepNumber) }),
);

const agenda: Field<Look[]> = list(variant<Look>({ scope: { scope: scopeNumber }, step: { step: stepNumber } }));

const SHAPES = [inner, step, scope, state, timers, agenda].map(({ shape }) => shape).join("\n");

/** Kept beside the text: a snapshot of another version is not looked at. */
export const SNAPSHOT_VERSION: string = `${FORMAT}.${fnv1a(SHAPES).toString(36)}`;

/** Null where it would be longer than `charactersMax`. */
export function toSnapshot(definition: Definition, execution: Execution, charactersMax: number): string | null {
  const writer = new Writer(charactersMax);
  try {
    return write(writer, definition, execution);
  } catch (thrown) {
    if (thrown instanceof TooLong) return null;
    throw thrown;
  }
}

function write(writer: Writer, definition: Definition, execution: Execution): string {
  const own = writer.toText(state.write(writer, execution));
  const due = writer.toText(timers.write(writer, [...execution.timers.counting()]));
  const looks = writer.toText(agenda.write(writer, [...execution.agenda.looks()]));
  const steps: string[] = [];
  const scopes: string[] = [];
  // Each that is written may lead to others that were not met before.
  while (steps.length < writer.steps.length || scopes.length < writer.scopes.length) {
    for (const each of writer.steps.slice(steps.length)) steps.push(writer.toText(step.write(writer, each)));
    for (const each of writer.scopes.slice(scopes.length)) scopes.push(writer.toText(scope.write(writer, each)));
  }
  const fits = JSON.stringify(placeOf(definition));
  return `[${fits},${own},${due},${looks},[${steps.join(",")}],[${scopes.join(",")}],[${writer.payloads.join(",")}]]`;
}

/** The execution of that identity, or null where the text is none of it, of another definition, or damaged. */
export function fromSnapshot(
  definition: Definition,
  identity: { id: string; workspace: string },
  text: string,
): Execution | null {
  let execution: Execution;
  try {
    execution = read(definition, identity, JSON.parse(text) as Stored);
  } catch {
    return null;
  }
  return execution.id === identity.id && execution.workspace === identity.workspace ? execution : null;
}

type Stored = readonly [
  place: string,
  state: Json,
  timers: Json,
  agenda: Json,
  steps: readonly Json[],
  scopes: readonly Json[],
  payloads: readonly Json[],
];

function read(definition: Definition, identity: { id: string; workspace: string }, stored: Stored): Execution {
  const [place, own, due, looks, steps, scopes, payloads] = stored;
  if (place !== placeOf(definition)) throw new Error("Expected a snapshot of this definition.");
  const reader = createReader(steps.length, scopes.length, payloads);
  for (const [number, each] of reader.steps.entries()) Object.assign(each, step.read(reader, steps[number] ?? null));
  for (const [number, each] of reader.scopes.entries()) Object.assign(each, scope.read(reader, scopes[number] ?? null));
  const execution = Object.assign(createExecution(identity), state.read(reader, own));
  for (const timer of timers.read(reader, due)) restoreTimer(execution, timer);
  for (const look of agenda.read(reader, looks)) {
    if (look.kind === "scope") execution.agenda.addScope(look.scope);
    else execution.agenda.addStep(look.step);
  }
  return execution;
}

function createReader(steps: number, scopes: number, payloads: readonly Json[]): Reader {
  const empty = createEmptyScope({ index: 0, prefix: "", owner: null });
  return {
    steps: Array.from({ length: steps }, () => createEmptyStep(0, "", empty, 0)),
    scopes: Array.from({ length: scopes }, () => createEmptyScope({ index: 0, prefix: "", owner: null })),
    payloads,
  };
}

/** Steps and scopes are named by their places in the definition: another compiler may give them others. */
function placeOf({ hash, steps, scopes }: Definition): string {
  const names = [...steps.map(({ name }) => name), ...scopes.map(({ name, owner }) => `${owner}:${name}`)];
  return `${hash}/${fnv1a(names.join("\n")).toString(36)}`;
}
