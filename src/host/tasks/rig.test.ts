/** A board with a clock that is turned by hand, and shards that only note what they are told. Shared by the tests beside it. */

import type { Json } from "../../core/base/json.ts";
import type { EngineTask } from "../../core/engine/reactions.ts";
import type { TaskRow } from "../../ports/store.ts";
import type { FinishTask } from "../board.ts";
import type { LeasedTask, PollRequest, TaskResult } from "../executors.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { createBoard, type TaskBoard } from "./create-board.ts";

export const START = 1_800_000_000_000;

export interface Rig {
  readonly clock: ManualClock;
  readonly board: TaskBoard;
  /** What the shards were told, in order. */
  readonly finished: FinishTask[];
  readonly woken: string[];
  /** Tasks whose lost leases a circuit breaker was told of. */
  readonly losses: string[];
  /** What the store says about parked tasks. */
  readonly parked: TaskRow[];
  /** How often the store was asked. */
  looks: number;
  /** How the shards answer; tests replace it. */
  finishTask: (request: FinishTask) => Promise<"accepted" | "stale" | "unknown">;
  offer(change?: Partial<EngineTask>, options?: { workspace?: string; notBefore?: number }): EngineTask;
  poll(change?: Partial<PollRequest>): Promise<readonly LeasedTask[]>;
  complete(taskId: string, output?: Json): Promise<string>;
  beat(taskId: string): { outcome: string; cancel: boolean };
  /** Turns the clock, and lets promises settle on the way. */
  pass(ms: number): Promise<void>;
}

export function createRig(): Rig {
  const clock = createManualClock(START);
  let count = 0;
  const rig: Rig = {
    clock,
    finished: [],
    woken: [],
    losses: [],
    parked: [],
    looks: 0,
    finishTask: async () => "accepted",
    board: createBoard({
      clock,
      shards: {
        finishTask(request, hear) {
          rig.finished.push(request);
          rig.finishTask(request).then(hear, hear);
        },
        reportLoss: (loss) => rig.losses.push(loss.taskId),
        wake: (ids) => rig.woken.push(...ids),
      },
      store: {
        async findTasks() {
          rig.looks += 1;
          return rig.parked;
        },
      },
    }),
    offer(change = {}, options = {}) {
      const task = { ...taskOf(`e${++count}`), createdAt: clock.now(), ...change };
      rig.board.offer({ workspace: options.workspace ?? "w", task, notBefore: options.notBefore ?? clock.now() });
      return task;
    },
    poll: (change = {}) =>
      rig.board.poll({
        workspace: "w",
        executor: "mail",
        instance: "i1",
        functions: null,
        tasksMax: 10,
        waitMs: 0,
        leaseMs: 30_000,
        held: [],
        labels: {},
        signal: new AbortController().signal,
        ...change,
      }),
    async complete(taskId, output = null) {
      const [answer] = await rig.board.finish({ workspace: "w", results: [resultOf(taskId, { output })] });
      return answer?.outcome ?? "none";
    },
    beat(taskId) {
      const [answer] = rig.board.heartbeat({
        workspace: "w",
        heartbeats: [{ taskId, progress: 0.5, message: "half" }],
      });
      return { outcome: answer?.outcome ?? "none", cancel: answer?.cancel ?? false };
    },
    async pass(ms) {
      clock.advance(ms);
      await settled();
      clock.flush();
      await settled();
    },
  };
  return rig;
}

export function taskOf(executionId: string, path = "send", attempt = 1): EngineTask {
  return {
    id: `${executionId}/${path}/${attempt}`,
    executionId,
    workflow: "welcome",
    version: "1.0.0",
    step: path,
    path,
    executor: "mail",
    function: "send",
    attempt,
    attemptsMax: 3,
    input: { to: "ada" },
    secrets: [],
    metadata: {},
    labels: {},
    priority: 5,
    timeoutMs: null,
    queueTimeoutMs: null,
    heartbeatTimeoutMs: null,
    deadline: null,
    circuit: null,
    createdAt: START,
  };
}

export function resultOf(taskId: string, change: Partial<TaskResult> = {}): TaskResult {
  return { taskId, status: "completed", output: null, error: null, instance: null, startedAt: null, ...change };
}

export function idsOf(leased: readonly LeasedTask[]): readonly string[] {
  return leased.map(({ task }) => task.executionId);
}

/** Everything that was promised and can be kept without time passing. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
