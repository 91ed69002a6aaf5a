/**
 * Who the executors are. An instance is known from its first poll or report on, and forgotten when it leaves or has not
 * been heard of for long. Two levels of health: whether somebody is there (`status`, by when it was last seen), and whether
 * what it does works (`health`, by its own checks).
 */

import type { JsonObject } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import type { ExecutorRecord, InstanceStatus } from "../executors.ts";
import type { WaitingTasks } from "./queues.ts";

export interface InstanceName {
  readonly workspace: string;
  readonly executor: string;
  readonly instance: string;
}

export interface Registry {
  /** A poll was made: answers the labels the instance has, those of its report included. */
  see(
    name: InstanceName,
    poll: { readonly functions: readonly string[] | null; readonly labels: JsonObject },
  ): JsonObject;
  /** Still there: its poll has waited until now. */
  touch(name: InstanceName): void;
  report(name: InstanceName, status: InstanceStatus): void;
  /** Answers false if it was not known. */
  forget(name: InstanceName): boolean;
  /** `waiting`: how many tasks each executor of the workspace has waiting; one that nobody runs is listed too. */
  list(workspace: string, waiting: ReadonlyMap<string, WaitingTasks>): readonly ExecutorRecord[];
}

/** So long after it was last heard of an instance counts as there. */
export const ONLINE_MS = 60_000;
const STALE_MS = 5 * 60_000;
/** Instances come and go with every deployment; after an hour nobody asks for the old ones. */
const FORGOTTEN_MS = 60 * 60_000;

/** Of one workspace. Whoever invents a new name for each poll pushes out the others of that workspace alone. */
const INSTANCES_MAX = 10_000;

interface Instance {
  readonly name: InstanceName;
  status: InstanceStatus;
  isReported: boolean;
  lastSeen: Instant;
}

type Health = InstanceStatus["health"];
const WORSE = { healthy: 0, degraded: 1, unhealthy: 2 } satisfies Record<Health, number>;

export function createRegistry(host: { now(): Instant; leased(name: InstanceName): number }): Registry {
  const workspaces = new Map<string, Map<string, Instance>>();

  function find(name: InstanceName): Instance | null {
    return workspaces.get(name.workspace)?.get(keyOf(name)) ?? null;
  }

  function put(name: InstanceName, status: InstanceStatus, isReported: boolean): void {
    const instances = workspaces.get(name.workspace) ?? new Map<string, Instance>();
    workspaces.set(name.workspace, instances);
    if (instances.size >= INSTANCES_MAX && !instances.has(keyOf(name))) makeRoom(instances);
    instances.set(keyOf(name), { name: copyOf(name), status, isReported, lastSeen: host.now() });
  }

  function makeRoom(instances: Map<string, Instance>): void {
    let oldest: Instance | null = null;
    for (const instance of instances.values()) {
      if (oldest === null || instance.lastSeen < oldest.lastSeen) oldest = instance;
    }
    if (oldest !== null) instances.delete(keyOf(oldest.name));
  }

  function forgetOld(workspace: string): void {
    const instances = workspaces.get(workspace);
    if (instances === undefined) return;
    for (const [key, instance] of instances) {
      if (host.now() - instance.lastSeen > FORGOTTEN_MS && host.leased(instance.name) === 0) instances.delete(key);
    }
    if (instances.size === 0) workspaces.delete(workspace);
  }

  return {
    see(name, poll) {
      const known = find(name);
      if (known === null) {
        put(name, pollOnly(name, poll), false);
        return poll.labels;
      }
      known.lastSeen = host.now();
      if (known.isReported) return { ...known.status.labels, ...poll.labels };
      known.status = pollOnly(name, poll);
      return poll.labels;
    },
    touch(name) {
      const known = find(name);
      if (known !== null) known.lastSeen = host.now();
    },
    report(name, status) {
      put(name, status, true);
    },
    forget: (name) => workspaces.get(name.workspace)?.delete(keyOf(name)) ?? false,
    list(workspace, waiting) {
      forgetOld(workspace);
      const groups = new Map<string, Instance[]>([...waiting.keys()].map((executor) => [executor, []]));
      for (const instance of workspaces.get(workspace)?.values() ?? []) {
        const group = groups.get(instance.name.executor);
        if (group === undefined) groups.set(instance.name.executor, [instance]);
        else group.push(instance);
      }
      return [...groups]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, instances]) => toRecord(name, instances, waiting.get(name) ?? { count: 0, oldest: null }, host));
    },
  };
}

function toRecord(
  name: string,
  instances: readonly Instance[],
  waiting: WaitingTasks,
  host: { now(): Instant; leased(name: InstanceName): number },
): ExecutorRecord {
  const newest = Math.max(...instances.map(({ lastSeen }) => lastSeen));
  const online = instances.filter(({ lastSeen }) => host.now() - lastSeen < ONLINE_MS);
  return {
    name,
    status: host.now() - newest < ONLINE_MS ? "online" : host.now() - newest < STALE_MS ? "stale" : "offline",
    health: worst(online.filter(({ isReported }) => isReported).map(({ status }) => healthOf(status))),
    functions: [...new Set(instances.flatMap(({ status }) => status.functions))].sort(),
    instances: instances
      .toSorted((a, b) => (a.name.instance < b.name.instance ? -1 : 1))
      .map((instance) => {
        const leased = host.leased(instance.name);
        const { status, lastSeen } = instance;
        return { ...status, running: status.running ?? leased, lastSeen, leased };
      }),
    waiting: waiting.count,
    oldestWaiting: waiting.oldest,
  };
}

/** An instance that calls itself healthy while one of its checks fails is as well as that check. */
function healthOf(status: InstanceStatus): Health {
  return [status.health, ...status.checks.map((check) => check.status)].reduce(worseOf);
}

function worst(all: readonly Health[]): Health | "unknown" {
  return all.length === 0 ? "unknown" : all.reduce(worseOf);
}

function worseOf(a: Health, b: Health): Health {
  return WORSE[b] > WORSE[a] ? b : a;
}

/** What is known of an instance that has never reported. */
function pollOnly(
  name: InstanceName,
  poll: { readonly functions: readonly string[] | null; readonly labels: JsonObject },
): InstanceStatus {
  return {
    executor: name.executor,
    instance: name.instance,
    functions: poll.functions ?? [],
    concurrency: null,
    running: null,
    health: "healthy",
    checks: [],
    version: null,
    labels: poll.labels,
  };
}

/** Only the name: who asks often has more in hand, which must not be kept. */
function copyOf({ workspace, executor, instance }: InstanceName): InstanceName {
  return { workspace, executor, instance };
}

function keyOf(name: InstanceName): string {
  return `${name.executor}\n${name.instance}`;
}
