/**
 * Answers on their way to the disk. An attempt is answered once: while the first answer is being committed, later ones
 * wait for what becomes of it, and afterwards they are told that they came second.
 */

import type { FinishTask, Shards } from "../board.ts";
import type { ResultOutcome } from "../executors.ts";
import type { Ending, Recent } from "./recent.ts";

export interface Answers {
  /** Resolves after the commit; rejects if it is not known whether there was one, and then may be repeated. */
  give(taskId: string, finish: FinishTask, by: Giver): Promise<ResultOutcome>;
  isBeingGiven(workspace: string, taskId: string): boolean;
}

/** The board answers for executors that do not: time-outs and lost leases. Of what is built in nobody outside hears. */
export type Giver = "executor" | "board" | "builtin";

const ENDINGS = { executor: "answered", board: "over", builtin: null } satisfies Record<Giver, Ending | null>;

interface Giving {
  readonly by: Giver;
  readonly outcome: Promise<ResultOutcome>;
}

export function createAnswers(shards: Shards, recent: Recent): Answers {
  const givings = new Map<string, Giving>();

  function commit(key: string, finish: FinishTask, by: Giver): Promise<ResultOutcome> {
    return shards.finishTask(finish).then(
      (outcome) => {
        givings.delete(key);
        const ending = outcome === "accepted" ? ENDINGS[by] : "over";
        if (by !== "builtin" && ending !== null && outcome !== "unknown") recent.remember(key, ending);
        return outcome;
      },
      (error: unknown) => {
        givings.delete(key);
        throw error;
      },
    );
  }

  return {
    give(taskId, finish, by) {
      const key = keyOf(finish.workspace, taskId);
      const ending = recent.find(key);
      if (ending !== null) return Promise.resolve(outcomeAfter(ending));
      const earlier = givings.get(key);
      if (earlier !== undefined) return afterOther(earlier);
      const outcome = commit(key, finish, by);
      givings.set(key, { by, outcome });
      return outcome;
    },
    isBeingGiven: (workspace, taskId) => givings.has(keyOf(workspace, taskId)),
  };
}

async function afterOther(earlier: Giving): Promise<ResultOutcome> {
  const outcome = await earlier.outcome;
  return outcome === "accepted" ? outcomeAfter(ENDINGS[earlier.by]) : outcome;
}

function outcomeAfter(ending: Ending | null): ResultOutcome {
  if (ending === null) return "unknown";
  return ending === "answered" ? "duplicate" : "stale";
}

export function keyOf(workspace: string, taskId: string): string {
  return `${workspace}\n${taskId}`;
}
