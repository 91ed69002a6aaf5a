/**
 * Executors: programs of users, which do their work, and sometimes do not. Each instance takes tasks, sends signs of life
 * and answers until it is heard.
 */

import type { Json } from "../../src/core/base/json.ts";
import type { LeasedTask, TaskResult } from "../../src/host/executors.ts";
import { ask } from "./network.ts";
import { WORKSPACE, type World } from "./world.ts";

export interface Instance {
  readonly executor: string;
  readonly name: string;
  /** Ids of the tasks that it works on. */
  readonly held: Set<string>;
  /** Seldom there: its tasks wait in the store. */
  readonly isRare: boolean;
  readonly leaseMs: number;
  /** Raised when it loses its memory: what it did then is forgotten. */
  memory: number;
}

const STAFF: readonly (readonly [executor: string, instances: number])[] = [
  ["shop", 2],
  ["mail", 1],
  ["rare", 1],
];

export function hire(world: World): readonly Instance[] {
  const staff = STAFF.flatMap(([executor, count]) =>
    Array.from({ length: count }, (_, i) => ({
      executor,
      name: `${executor}-${i + 1}`,
      held: new Set<string>(),
      isRare: executor === "rare",
      leaseMs: world.chance.pick([1000, 5000, 20_000]),
      memory: 0,
    })),
  );
  for (const instance of staff) void work(world, instance, staff);
  return staff;
}

async function work(world: World, instance: Instance, staff: readonly Instance[]): Promise<void> {
  const { chance, faults } = world;
  while (!world.isOver) {
    if (instance.isRare && !world.isCalm) await world.sleep(chance.between(5000, 35_000));
    const waitMs = chance.pick([0, 2000, 10_000]);
    const tasks = await ask(
      world,
      (host) =>
        host.executors.poll({
          workspace: WORKSPACE,
          executor: instance.executor,
          instance: instance.name,
          functions: null,
          tasksMax: chance.between(1, 4),
          waitMs,
          leaseMs: instance.leaseMs,
          held: [...instance.held],
          labels: {},
          signal: new AbortController().signal,
        }),
      { who: instance.name, patienceMs: waitMs + 5000 },
    );
    // One that it works on already came again: it goes on with it.
    for (const task of tasks ?? []) if (!instance.held.has(task.task.id)) void perform(world, instance, task, staff);
    if (chance.happens(0.05)) await report(world, instance);
    if (faults.strikes("an executor loses its memory")) forgetAll(instance);
    if (faults.strikes("an executor leaves")) {
      forgetAll(instance);
      await ask(world, async (host) => host.executors.leave({ ...nameOf(instance) }), { who: instance.name });
    }
    await world.sleep(chance.between(10, 700));
  }
}

async function report(world: World, instance: Instance): Promise<void> {
  const health = world.chance.pick(["healthy", "degraded", "unhealthy"] as const);
  const status = {
    executor: instance.executor,
    instance: instance.name,
    functions: [],
    concurrency: null,
    running: instance.held.size,
    health,
    checks: [],
    version: null,
    labels: {},
  };
  await ask(world, async (host) => host.executors.report({ workspace: WORKSPACE, status }), { who: instance.name });
}

/** As when its program is started anew. */
export function forgetAll(instance: Instance): void {
  instance.memory += 1;
  instance.held.clear();
}

async function perform(
  world: World,
  instance: Instance,
  { task, leaseMs }: LeasedTask,
  staff: readonly Instance[],
): Promise<void> {
  const { chance, faults } = world;
  const { memory } = instance;
  if (faults.strikes("an executor forgets a task")) return;
  instance.held.add(task.id);
  const manner = world.manners?.(task) ?? null;
  if (manner === "silent") return;
  const isLate = faults.strikes("an executor answers late");
  const workMs = isLate ? chance.between(leaseMs, leaseMs * 3) : world.isCalm ? 20 : chance.between(0, 1500);
  if (workMs > 1000) {
    await world.sleep(workMs / 2);
    const heartbeats = [{ taskId: task.id, progress: 0.5, message: null }];
    await ask(world, async (host) => host.executors.heartbeat({ workspace: WORKSPACE, heartbeats }), {
      who: instance.name,
    });
    await world.sleep(workMs / 2);
  } else await world.sleep(workMs);
  if (instance.memory !== memory) return;
  const result = manner === "fails" ? declined(instance, task.id) : resultOf(world, instance, task.id);
  if (faults.strikes("an executor answers for another")) await give(world, instance, meddledWith(world, result, staff));
  await give(world, instance, result);
  if (faults.strikes("an executor answers twice")) {
    await world.sleep(chance.between(0, 5000));
    await give(world, instance, { ...resultOf(world, instance, task.id) });
  }
  if (instance.memory === memory) instance.held.delete(task.id);
}

/** Until it is heard. */
async function give(world: World, instance: Instance, result: TaskResult): Promise<void> {
  const { memory } = instance;
  while (instance.memory === memory) {
    const outcomes = await ask(world, (host) => host.executors.finish({ workspace: WORKSPACE, results: [result] }), {
      who: instance.name,
    });
    if (outcomes !== null) return;
    await world.sleep(world.chance.between(50, 1500));
  }
}

function resultOf(world: World, instance: Instance, taskId: string): TaskResult {
  const { chance, faults } = world;
  const common = { taskId, instance: chance.happens(0.8) ? instance.name : null, startedAt: null };
  if (faults.strikes("an executor fails")) {
    const code = chance.pick(["DECLINED", "HTTP_503", "OUT_OF_STOCK"]);
    const message = `Expected it to work, but it is ${code}.`;
    const error = chance.happens(0.3) ? { code, message, retryable: false } : { code, message };
    return { ...common, status: "failed", output: null, error };
  }
  const output: Json = faults.strikes("an executor answers with too much")
    ? { much: "x".repeat(world.limits.payloadBytesMax + 1) }
    : faults.strikes("an executor answers strangely")
      ? chance.pick<Json>([
          null,
          [],
          0,
          "",
          { n: null },
          JSON.parse('{"__proto__":{"n":1}}') as Json,
          { n: "\u{1f600}\u0000" },
        ])
      : { n: 1 };
  return { ...common, status: "completed", output, error: null };
}

function declined({ name }: Instance, taskId: string): TaskResult {
  const error = { code: "DECLINED", message: "Expected it to work, but it was told not to." };
  return { taskId, instance: name, startedAt: null, status: "failed", output: null, error };
}

/** An answer for an attempt that is not there, or for a task that somebody else works on. */
function meddledWith(world: World, result: TaskResult, staff: readonly Instance[]): TaskResult {
  const others = staff.flatMap(({ held }) => [...held]);
  const taskId = world.chance.pick([
    result.taskId.replace(/\d+$/, (attempt) => String(Number(attempt) + 1)),
    "no-such-execution/step/1",
    "not a task",
    ...others,
  ]);
  return { ...result, taskId };
}

function nameOf({ executor, name }: Instance): { workspace: string; executor: string; instance: string } {
  return { workspace: WORKSPACE, executor, instance: name };
}
