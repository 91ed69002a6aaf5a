/**
 * What changes in a workspace, to whoever watches.
 *
 *     commits ──► newest row of each execution ──every 100 ms──► numbered entries ──► readers
 *
 * The last entries are kept for readers that come back. While nobody watches, and nobody has for a minute, nothing is kept
 * and nothing is done: who comes later is told that he has missed something.
 */

import type { LiveWorkflow } from "../../core/protocol/live.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Change } from "../changes.ts";
import type { Host } from "../host.ts";

/** An execution is told of no more often than this. */
const TICK_MS = 100;
/** How often it is looked who is there. */
const LOOK_MS = 1000;
const KEPT_MAX = 10_000;
/** So long after the last reader has left things are still kept for him. */
const LINGER_MS = 60_000;

export type LiveKind = "execution" | "workflow" | "executor";

export interface LiveEntry {
  readonly number: number;
  readonly workspace: string;
  readonly kind: LiveKind;
  /** What filters look at; null: it belongs to none. */
  readonly workflow: string | null;
  readonly status: string | null;
  readonly parentId: string | null;
  /** JSON, made once for all readers. */
  readonly text: string;
}

export interface LiveReader {
  readonly workspace: string;
  hear(entries: readonly LiveEntry[]): void;
}

export interface LiveFeed {
  readonly epoch: string;
  /** The number of the last entry. */
  readonly last: number;
  note(change: Change): void;
  noteWorkflow(workspace: string, change: LiveWorkflow): void;
  /** Entries after `number`; null: they are not kept, and something may be missing. */
  after(number: number): readonly LiveEntry[] | null;
  /** The answer ends it. */
  watch(reader: LiveReader): () => void;
  readonly readers: number;
  close(): void;
}

export function createLiveFeed(options: {
  host: Pick<Host, "executors">;
  clock: Clock;
  epoch: string;
  toText: (change: Change) => string;
}): LiveFeed {
  const { host, clock, epoch, toText } = options;
  const readers = new Set<LiveReader>();
  const kept: LiveEntry[] = [];
  const pending = new Map<string, Change>();
  const online = new Map<string, string>();
  let fresh: LiveEntry[] = [];
  let last = 0;
  let isAwake = false;
  let leftAt = 0;
  let isTickSet = false;
  let cancelTick = () => {};
  let cancelLook = () => {};

  function add(entry: Omit<LiveEntry, "number">): void {
    last += 1;
    fresh.push({ number: last, ...entry });
    setTick();
  }

  function setTick(): void {
    if (isTickSet) return;
    isTickSet = true;
    cancelTick = clock.after(TICK_MS, tick);
  }

  function tick(): void {
    isTickSet = false;
    for (const change of pending.values()) {
      const { row } = change;
      last += 1;
      fresh.push({
        number: last,
        workspace: row.workspace,
        kind: "execution",
        workflow: row.workflow,
        status: row.status,
        parentId: row.parentId,
        text: toText(change),
      });
    }
    pending.clear();
    const told = fresh;
    fresh = [];
    kept.push(...told);
    if (kept.length > KEPT_MAX * 2) kept.splice(0, kept.length - KEPT_MAX);
    for (const reader of [...readers]) {
      const own = told.filter(({ workspace }) => workspace === reader.workspace);
      if (own.length > 0) reader.hear(own);
    }
  }

  function wake(): void {
    if (isAwake) return;
    isAwake = true;
    // Whatever happened meanwhile nobody has kept: numbers of before are answered with a reset.
    last += 1;
    kept.length = 0;
    look();
  }

  function sleep(): void {
    isAwake = false;
    cancelTick();
    cancelLook();
    isTickSet = false;
    pending.clear();
    fresh = [];
    kept.length = 0;
    online.clear();
  }

  function look(): void {
    if (readers.size === 0 && clock.now() - leftAt > LINGER_MS) return sleep();
    for (const workspace of new Set([...readers].map((reader) => reader.workspace))) lookAtExecutors(workspace);
    cancelLook = clock.after(LOOK_MS, look);
  }

  function lookAtExecutors(workspace: string): void {
    const isFirst = ![...online.keys()].some((key) => key.startsWith(`${workspace}\n`));
    for (const { name, status, health, waiting, instances } of host.executors.list({ workspace })) {
      const key = `${workspace}\n${name}`;
      const known = online.get(key);
      if (known === status) continue;
      online.set(key, status);
      if (isFirst) continue;
      const text = JSON.stringify({ name, status, health, waiting, instances: instances.length });
      add({ workspace, kind: "executor", workflow: null, status, parentId: null, text });
    }
  }

  return {
    epoch,
    get last() {
      return last;
    },
    get readers() {
      return readers.size;
    },
    note(change) {
      if (!isAwake) return;
      pending.set(change.row.id, change);
      if (pending.size >= KEPT_MAX) tick();
      else setTick();
    },
    noteWorkflow(workspace, change) {
      if (!isAwake) return;
      const { name } = change;
      add({ workspace, kind: "workflow", workflow: name, status: null, parentId: null, text: JSON.stringify(change) });
    },
    after(number) {
      const oldest = kept[0]?.number ?? fresh[0]?.number ?? last + 1;
      if (!isAwake || number > last || number < oldest - 1) return null;
      return kept.filter((entry) => entry.number > number);
    },
    watch(reader) {
      readers.add(reader);
      wake();
      return () => {
        readers.delete(reader);
        leftAt = clock.now();
      };
    },
    close() {
      sleep();
      readers.clear();
    },
  };
}
