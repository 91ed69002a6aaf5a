/**
 * The store as one process sees it: the disk behind a line that may be slow, break or lie.
 *
 *     call ──travels──► disk has it ──travels──► answer
 *        ╲ lost before       ╲ process dies       ╲ "unknown", or late, or never
 *
 * A call that has left its process goes on when that process dies, as a message on its way to a database does.
 */

import { type Document, type Store, StoreError } from "../../src/ports/store.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export function simulatedStore(world: World, process: Process): Store {
  const { chance, faults, timeline, disk } = world;
  const base = disk.store;

  function call<T>(name: string, kind: "read" | "write", work: () => Promise<T>, about = ""): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const say = (what: string) => world.note(process.name, `${name} ${about}${what}`);
    const settle = (answer: Answer<T>) => {
      if (answer.ok) resolve(answer.value);
      else reject(answer.error);
    };
    const answerAfter = (ms: number, answer: Answer<T>) => {
      timeline.after(ms, () =>
        process.deliver(() => {
          if (!answer.ok) say(`-> ${String(answer.error)}`);
          settle(answer);
        }),
      );
    };
    const land = (landed: (answer: Answer<T>) => void) => {
      if (!process.isAlive && !chance.happens(0.5)) return;
      if (world.outage === "gone") return landed(refusal("gone"));
      if (world.outage === "full" && kind === "write" && name !== "acquire") return landed(refusal("full"));
      if (name === "acquire" && process === world.formerProcess) return landed(refusal("gone"));
      if (kind === "write") say("is done");
      work().then(
        (value) => landed({ ok: true, value }),
        (error: unknown) => landed({ ok: false, error }),
      );
    };

    const way = travelMs(world);
    const back = travelMs(world);
    world.storeCalls += 1;
    const number = world.storeCalls;
    const fate = world.killPoint?.call === number ? world.killPoint.when : null;
    if (fate === "before") {
      timeline.after(way, () => process.kill(`before ${name}, call ${number} of the store`));
    } else if (fate === "after") {
      timeline.after(way, () => land(() => process.kill(`after ${name}, call ${number} of the store`)));
    } else if (faults.strikes("the store refuses")) {
      answerAfter(way + back, refusal(kind === "write" ? chance.pick(["gone", "full"]) : "gone"));
    } else if (faults.strikes("the store never answers")) {
      timeline.after(way, () => chance.happens(0.5) && land(() => {}));
    } else if (faults.strikes("the process dies before the store has it")) {
      timeline.after(way, () => process.kill("before a call of the store"));
    } else if (faults.strikes("the process dies once the store has it")) {
      timeline.after(way, () => land(() => process.kill("after a call of the store")));
    } else if (kind === "write" && faults.strikes("the store does it and says that it does not know")) {
      timeline.after(way, () => land(() => answerAfter(back, UNKNOWN)));
    } else if (kind === "write" && faults.strikes("the store does not do it and says that it does not know")) {
      answerAfter(way + back, UNKNOWN);
    } else if (kind === "write" && faults.strikes("the store says that it does not know and does it later")) {
      answerAfter(way, UNKNOWN);
      timeline.after(way + chance.between(0, 3000), () => land(() => {}));
    } else {
      timeline.after(way, () => land((answer) => answerAfter(back, answer)));
    }
    return promise;
  }

  return {
    shards: base.shards,
    async acquire(shard) {
      const epoch = await call("acquire", "write", () => base.acquire(shard), `${shard} `);
      process.epochs.set(shard, epoch);
      return epoch;
    },
    async append(batches) {
      let commit = 0;
      const append = async () => {
        const answer = await base.append(batches);
        commit = disk.commits;
        return answer;
      };
      process.unansweredSince = timeline.passed;
      try {
        const answer = await call("append", "write", append, `${sizeOf(batches)} `);
        process.heard.add(commit);
        return answer;
      } finally {
        process.unansweredSince = null;
      }
    },
    readHistory: (request) => call("readHistory", "read", () => base.readHistory(request)),
    measureHistory: (id) => call("measureHistory", "read", () => base.measureHistory(id)),
    readSnapshot: (id) => call("readSnapshot", "read", () => base.readSnapshot(id)),
    readExecution: (id) => call("readExecution", "read", () => base.readExecution(id)),
    findExecutions: (query) => call("findExecutions", "read", () => base.findExecutions(query)),
    countExecutions: (query) => call("countExecutions", "read", () => base.countExecutions(query)),
    findActive: (shard) => call("findActive", "read", () => base.findActive(shard)),
    findDue: (request) => call("findDue", "read", () => base.findDue(request)),
    findOver: (query) => call("findOver", "read", () => base.findOver(query)),
    readOutbox: (shard) => call("readOutbox", "read", () => base.readOutbox(shard)),
    findKey: (request) => call("findKey", "read", () => base.findKey(request)),
    findWaits: (request) => call("findWaits", "read", () => base.findWaits(request)),
    findEvents: (request) => call("findEvents", "read", () => base.findEvents(request)),
    dropEvents: (before) => call("dropEvents", "write", () => base.dropEvents(before)),
    dropKeys: (before) => call("dropKeys", "write", () => base.dropKeys(before)),
    findTasks: (request) => call("findTasks", "read", () => base.findTasks(request)),
    readShared: (shard) => call("readShared", "read", () => base.readShared(shard)),
    findShared: (query) => call("findShared", "read", () => base.findShared(query)),
    documents: {
      get: (place) => call<Document | null>("documents.get", "read", () => base.documents.get(place)),
      put: (writes) => call("documents.put", "write", () => base.documents.put(writes)),
      list: (query) => call("documents.list", "read", () => base.documents.list(query)),
    },
    measure: () => call("measure", "read", () => base.measure()),
    check: () => call("check", "write", () => base.check()),
    async [Symbol.asyncDispose]() {
      // The disk outlives every process.
    },
  };
}

const UNKNOWN = {
  ok: false,
  error: new StoreError("unknown", "Expected an answer of the store, but the line broke."),
} as const;

function refusal(kind: "gone" | "full"): { readonly ok: false; readonly error: StoreError } {
  return { ok: false, error: new StoreError(kind, `Expected the store to serve, but it is ${kind}.`) };
}

function travelMs({ chance, faults }: World): number {
  if (faults.strikes("the store is slow")) return chance.between(50, 2000);
  if (faults.strikes("the store is very slow")) return chance.between(2000, 20_000);
  return chance.between(0, 3);
}

function sizeOf(batches: Parameters<Store["append"]>[0]): string {
  return batches
    .map(({ shard, epoch, executions }) => {
      const events = executions.flatMap(({ executionId, events }) =>
        events === null ? [] : [`${executionId.slice(-6)}:${events.firstSeq}-${events.lastSeq}`],
      );
      return `${shard}@${epoch}[${events.join(" ")}]`;
    })
    .join(" ");
}
