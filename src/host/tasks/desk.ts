/**
 * Where executors come to: they ask for tasks, send signs of life and bring answers. The workspace is always given; a task
 * of another workspace is not there.
 */

import type { FinishTask } from "../board.ts";
import type {
  ConnectRequest,
  Executors,
  Heartbeat,
  LeasedTask,
  PollRequest,
  ResultOutcome,
  TaskConnection,
  TaskResult,
} from "../executors.ts";
import type { Answers, Hear } from "./answers.ts";
import type { Claims } from "./claims.ts";
import { type Connection, type Entry, instanceOf, isBuiltin, leaseOf, mayBeHeld } from "./entry.ts";
import { LEASE_MS_DEFAULT, toLeaseMs } from "./leases.ts";
import type { ParkedTasks } from "./parked.ts";
import type { Polls } from "./polls.ts";
import type { TaskFilter } from "./queue.ts";
import { placeOf, type QueuePlace } from "./queues.ts";
import type { Receiver, Receivers } from "./receivers.ts";
import type { Recent } from "./recent.ts";
import type { InstanceName, Registry } from "./registry.ts";
import { shareOut } from "./share.ts";
import type { Table } from "./table.ts";
import { parseTaskId } from "./task-id.ts";
import type { Passed } from "./time.ts";

export interface Desk extends Executors {
  /** Gives those who wait what has come in. */
  serve(place: QueuePlace): void;
}

/** What polls and connections have in common. */
interface Asking extends InstanceName {
  readonly leaseMs: number;
}

interface Finished {
  readonly taskId: string;
  readonly outcome: ResultOutcome;
}

interface Holding extends Asking {
  readonly held: readonly string[];
}

/** How often an open connection shows in the list of instances, and tasks of parked executions are looked for. */
const TOUCH_MS = 1000;

export function createDesk(parts: {
  readonly passed: () => Passed;
  readonly table: Table;
  readonly polls: Polls;
  readonly receivers: Receivers;
  readonly parked: ParkedTasks;
  readonly registry: Registry;
  readonly claims: Claims;
  readonly recent: Recent;
  readonly answers: Answers;
  /** An executor has been told what became of its answer. */
  readonly told: (taskId: string, outcome: ResultOutcome) => void;
  readonly isClosed: () => boolean;
}): Desk {
  const { table, polls, receivers, registry, recent, passed } = parts;

  async function poll(asked: PollRequest): Promise<readonly LeasedTask[]> {
    const request = { ...asked, leaseMs: toLeaseMs(asked.leaseMs) };
    if (isBuiltin(request.executor) || request.signal.aborted || parts.isClosed()) return [];
    const labels = registry.see(request, request);
    const filter = { functions: request.functions === null ? null : new Set(request.functions), labels };
    keepHeld(request, request.leaseMs, null);
    if (request.tasksMax <= 0) return [];
    serve(request);
    const tasks = hand({ request, filter }, request.tasksMax);
    if (tasks.length > 0) return tasks;
    parts.parked.look(
      { workspace: request.workspace, executor: request.executor, functions: request.functions },
      { isAwaited: request.waitMs > 0 },
    );
    return request.waitMs > 0 ? waitFor(request, filter) : [];
  }

  async function waitFor(request: PollRequest, filter: TaskFilter): Promise<readonly LeasedTask[]> {
    // An open poll is a sign of life for as long as it is open.
    keepHeld(request, request.waitMs + request.leaseMs, null);
    const tasks = await polls.wait(request, filter);
    if (!request.signal.aborted) registry.touch(request);
    for (const entry of heldBy(request)) table.leases.renew(entry, leaseOf(entry)?.leaseMs ?? request.leaseMs);
    return tasks;
  }

  function heldBy(request: PollRequest): readonly Entry[] {
    const held = new Set(request.held);
    return held.size === 0 ? [] : table.leases.heldBy(request).filter((entry) => held.has(entry.task.id));
  }

  function connect(asked: ConnectRequest): TaskConnection {
    const request = { ...asked, leaseMs: toLeaseMs(asked.leaseMs) };
    const labels = registry.see(request, request);
    const filter = { functions: request.functions === null ? null : new Set(request.functions), labels };
    const receiver = receivers.open(request, filter, passed());
    keepHeld(request, request.leaseMs, receiver);
    let touchedAt = passed();
    supply(receiver);
    return {
      grant(credits) {
        const hadNone = receiver.credits <= 0;
        receiver.credits += credits;
        if (hadNone) supply(receiver);
      },
      drain() {
        receiver.credits = Number.NEGATIVE_INFINITY;
      },
      holdBack(isHeldBack) {
        const isFreed = receiver.isHeldBack && !isHeldBack;
        receiver.isHeldBack = isHeldBack;
        if (isFreed) supply(receiver);
      },
      seen() {
        receiver.seenAt = passed();
        if (!receiver.isOpen || receiver.seenAt - touchedAt < TOUCH_MS) return;
        touchedAt = receiver.seenAt;
        registry.touch(request);
        supply(receiver);
      },
      close: () => receivers.close(receiver),
    };
  }

  /** Gives what is there to whoever can take it; where that is nothing, tasks of parked executions are looked for. */
  function supply(receiver: Receiver): void {
    const { workspace, executor, functions } = receiver.request;
    if (!receiver.isOpen || receiver.most <= 0) return;
    serve(receiver.request);
    if (receiver.most > 0) parts.parked.look({ workspace, executor, functions }, { isAwaited: true });
  }

  /** Renews what the instance says it works on, and gives back to it what the board has lost track of. */
  function keepHeld(request: Holding, forMs: number, connection: Connection | null): void {
    for (const taskId of request.held) {
      const entry = table.find(request.workspace, taskId);
      if (entry === null) {
        const isOver = recent.find(request.workspace, taskId) !== null;
        if (!isOver) claim(request, taskId, forMs, connection);
        continue;
      }
      if (entry.task.executor !== request.executor) continue;
      const lease = leaseOf(entry);
      if (lease !== null && instanceOf(lease) === request.instance) {
        if (connection !== null) table.leases.attach(entry, connection);
        table.leases.renew(entry, forMs);
      } else if (canBeAdopted(entry)) {
        table.adopt(entry, { kind: "instance", instance: request.instance, connection }, request.leaseMs);
      }
    }
  }

  function claim(request: Holding, taskId: string, forMs: number, connection: Connection | null): void {
    const { workspace, executor, instance, leaseMs } = request;
    const until = passed() + forMs;
    parts.claims.make({ workspace, executor, taskId }, { instance, leaseMs, connection, until });
  }

  function serve(place: QueuePlace): void {
    const waiting = table.waiting(place);
    if (waiting === 0) return;
    const pollers = polls.at(place);
    const connected = receivers.at(place);
    if (pollers.length === 0) shareOut(connected, waiting, (taker, most) => hand(taker, most, taker));
    else if (connected.length === 0) shareOut(pollers, waiting, (taker, most) => hand(taker, most));
    else {
      const all = [...pollers, ...connected];
      shareOut(all, waiting, (taker, most) => hand(taker, most, "seenAt" in taker ? taker : null));
    }
  }

  function hand(
    { request, filter }: { readonly request: Asking; readonly filter: TaskFilter },
    most: number,
    connection: Connection | null = null,
  ): readonly LeasedTask[] {
    const holder = { kind: "instance", instance: request.instance, connection } as const;
    return table.hand(request, filter, { holder, most, leaseMs: request.leaseMs });
  }

  function beat(
    workspace: string,
    heartbeat: Heartbeat,
  ): { outcome: "accepted" | "stale" | "unknown"; cancel: boolean } {
    const entry = table.find(workspace, heartbeat.taskId);
    if (entry === null || isBuiltin(entry.task.executor)) {
      const isOver = recent.find(workspace, heartbeat.taskId) !== null;
      return isOver ? { outcome: "stale", cancel: true } : { outcome: "unknown", cancel: false };
    }
    if (canBeAdopted(entry)) table.adopt(entry, { kind: "instance", instance: entry.lastInstance }, LEASE_MS_DEFAULT);
    if (entry.place.kind === "waiting" || entry.place.kind === "paused") return { outcome: "stale", cancel: false };
    const lease = leaseOf(entry);
    const instance = lease === null ? null : instanceOf(lease);
    if (instance !== null) registry.touch({ ...placeOf(entry), instance });
    table.leases.beat(entry, heartbeat);
    return { outcome: "accepted", cancel: false };
  }

  /** All are sent before any is heard of, so that they are one group commit. Rejects where of one it is not known. */
  function finishAll(workspace: string, results: readonly TaskResult[]): Promise<readonly Finished[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Finished[]>();
    const finished: Finished[] = results.map(({ taskId }) => ({ taskId, outcome: "unknown" }));
    let missing = results.length;
    let error: Error | null = null;
    const heard = (i: number, outcome: ResultOutcome | Error) => {
      if (typeof outcome !== "string") error ??= outcome;
      else (finished[i] as { outcome: ResultOutcome }).outcome = outcome;
      missing -= 1;
      if (missing > 0) return;
      if (error !== null) return reject(error);
      for (const { taskId, outcome: of } of finished) parts.told(taskId, of);
      resolve(finished);
    };
    if (missing === 0) resolve(finished);
    // Most results that come together come from one instance.
    let seen: InstanceName | null = null;
    for (const [i, result] of results.entries()) {
      const entry = table.find(workspace, result.taskId);
      if (entry !== null && result.instance !== null && !isSeen(seen, entry, result.instance)) {
        seen = { ...placeOf(entry), instance: result.instance };
        registry.touch(seen);
      }
      finish(workspace, entry, result, (outcome) => heard(i, outcome));
    }
    return promise;
  }

  function finish(workspace: string, entry: Entry | null, result: TaskResult, hear: Hear): void {
    if (entry !== null && isBuiltin(entry.task.executor)) return hear("unknown");
    if (entry !== null) return table.answer(entry, toFinish(workspace, entry.task, result, entry), hear);
    const place = parseTaskId(result.taskId);
    if (place === null) return hear("unknown");
    const finish = { ...toFinish(workspace, place, result, null), isRemote: true };
    parts.answers.give({ taskId: result.taskId, finish, by: "executor", isOpen: false }, hear);
  }

  function list(workspace: string) {
    return registry.list(workspace, table.waitingIn(workspace));
  }

  return {
    poll,
    connect,
    serve,
    finish: ({ workspace, results }) => finishAll(workspace, results),
    heartbeat: ({ workspace, heartbeats }) =>
      heartbeats.map((heartbeat) => ({ taskId: heartbeat.taskId, ...beat(workspace, heartbeat) })),
    report({ workspace, status }) {
      if (isBuiltin(status.executor)) return;
      registry.report({ workspace, executor: status.executor, instance: status.instance }, status);
    },
    list: ({ workspace }) => list(workspace),
    read: ({ workspace, name }) => list(workspace).find((record) => record.name === name) ?? null,
    leave(name) {
      if (!registry.forget(name)) return unknownInstance(name);
      polls.dismiss(name);
      receivers.dismiss(name);
      for (const entry of table.leases.heldBy(name)) {
        if (!parts.answers.isBeingGiven(entry.workspace, entry.task.id)) table.release(entry);
      }
      return { ok: true };
    },
  };
}

/** Built-in executors have no instances that anybody would be shown. */
function isSeen(seen: InstanceName | null, { task }: Entry, instance: string): boolean {
  return (seen?.executor === task.executor && seen.instance === instance) || isBuiltin(task.executor);
}

/** Nobody holds it, and somebody may rightly say that he works on it. */
function canBeAdopted(entry: Entry): boolean {
  const { kind } = entry.place;
  return (kind === "held_back" || kind === "waiting" || kind === "paused") && mayBeHeld(entry);
}

/** What the answer leaves out is taken from the lease. */
function toFinish(
  workspace: string,
  place: { readonly executionId: string; readonly path: string; readonly attempt: number },
  result: TaskResult,
  entry: Entry | null,
): FinishTask {
  const lease = entry === null ? null : leaseOf(entry);
  return {
    workspace,
    executionId: place.executionId,
    path: place.path,
    attempt: place.attempt,
    answer: toAnswer(result),
    startedAt: result.startedAt ?? lease?.since ?? entry?.takenAt ?? null,
    instance: result.instance ?? (lease === null ? null : instanceOf(lease)),
  };
}

function toAnswer(result: TaskResult): FinishTask["answer"] {
  if (result.status === "completed") return { status: "completed", output: result.output, http: null };
  const unexplained = {
    code: "WORKFLOW_ERROR",
    message: "Expected a failed result to carry an error, but it has none.",
  };
  return { status: "failed", error: result.error ?? unexplained };
}

function unknownInstance(name: InstanceName): { ok: false; refusal: { code: "EXECUTOR_NOT_FOUND"; message: string } } {
  return {
    ok: false,
    refusal: {
      code: "EXECUTOR_NOT_FOUND",
      message: `Expected executor "${name.executor}" to have an instance "${name.instance}", but it is not known.`,
    },
  };
}
