/**
 * Tasks of executions that are not in memory: a poll that finds nothing here looks for them in the store and has their
 * executions loaded, which offers them. An idle fleet polls all the time, so fruitless looks are rare on purpose.
 */

import type { Store } from "../../ports/store.ts";
import type { Shards } from "../board.ts";
import { createAlarms } from "./alarms.ts";
import type { Passed } from "./time.ts";

export interface ParkedTasks {
  /** Looks now or, if that was done a moment ago and somebody waits for it, once the pause is over. */
  look(sought: Sought, options: { readonly isAwaited: boolean }): void;
  tick(passed: Passed): void;
  readonly size: number;
}

export interface Sought {
  readonly workspace: string;
  readonly executor: string;
  /** Null: all. */
  readonly functions: readonly string[] | null;
}

const PAUSE_MS_AFTER_NOTHING = 1000;
/** What was found is being loaded; the next look is for what comes after it. */
const PAUSE_MS_AFTER_SOME = 100;
const LOOK_LIMIT = 100;
/** Different kinds of polls whose last look is remembered. */
const LOOKS_MAX = 10_000;

interface Look {
  readonly sought: Sought;
  isRunning: boolean;
  nextAt: Passed;
}

export function createParkedTasks(
  store: Pick<Store, "findTasks">,
  shards: Pick<Shards, "wake">,
  passed: () => Passed,
  awaited: () => void,
): ParkedTasks {
  const looks = new Map<string, Look>();
  const alarms = createAlarms<Look>((look) => void run(look), awaited);

  async function run(look: Look): Promise<void> {
    if (look.isRunning) return;
    look.isRunning = true;
    const rows = await find(look.sought);
    look.isRunning = false;
    look.nextAt = passed() + (rows.length === 0 ? PAUSE_MS_AFTER_NOTHING : PAUSE_MS_AFTER_SOME);
    if (rows.length > 0) shards.wake([...new Set(rows.map(({ executionId }) => executionId))]);
  }

  async function find(sought: Sought) {
    try {
      return await store.findTasks({ ...sought, limit: LOOK_LIMIT });
    } catch {
      // The store is away, which it reports elsewhere. The tasks are still there at the next look.
      return [];
    }
  }

  function lookFor(sought: Sought): Look {
    const key = JSON.stringify([sought.workspace, sought.executor, sought.functions?.toSorted() ?? null]);
    const known = looks.get(key);
    if (known !== undefined) return known;
    if (looks.size >= LOOKS_MAX) looks.clear();
    const look = { sought, isRunning: false, nextAt: 0 };
    looks.set(key, look);
    return look;
  }

  return {
    look(sought, { isAwaited }) {
      const look = lookFor(sought);
      if (look.isRunning) return;
      if (look.nextAt <= passed()) void run(look);
      else if (isAwaited) alarms.set(look, look.nextAt);
    },
    tick: alarms.tick,
    get size() {
      return alarms.size;
    },
  };
}
