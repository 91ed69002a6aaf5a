/**
 * Answers on their way to the disk. An attempt is answered once: while the first answer is being committed, later ones
 * wait for what becomes of it, and afterwards they are told that they came second.
 */

import type { Finished, FinishTask, Shards } from "../board.ts";
import type { ResultOutcome } from "../executors.ts";
import type { Ending, Recent } from "./recent.ts";

export interface Answers {
  /** `hear` is called once, after the commit. */
  give(answer: Given, hear: Hear): void;
  isBeingGiven(workspace: string, taskId: string): boolean;
}

export interface Given {
  readonly taskId: string;
  readonly finish: FinishTask;
  readonly by: Giver;
  /** The task is on the board: its attempt has no ending yet. */
  readonly isOpen: boolean;
}

/** An error: it is not known whether there was a commit, and the answer may be given again. */
export type Hear = (outcome: ResultOutcome | Error) => void;

/** The board answers for executors that do not: time-outs and lost leases. Of what is built in nobody outside hears. */
export type Giver = "executor" | "board" | "builtin";

const ENDINGS = { executor: "answered", board: "over", builtin: null } satisfies Record<Giver, Ending | null>;

interface Giving {
  readonly workspace: string;
  readonly by: Giver;
  /** Who has answered meanwhile; null: nobody. */
  later: Hear[] | null;
}

export function createAnswers(shards: Shards, recent: Recent): Answers {
  const givings = new Map<string, Giving>();

  function commit(taskId: string, finish: FinishTask, giving: Giving, hear: Hear): void {
    const { by, workspace } = giving;
    shards.finishTask(finish, (finished) => {
      givings.delete(taskId);
      if (typeof finished === "string" && by !== "builtin" && finished !== "unknown")
        recent.remember(workspace, taskId, finished === "accepted" ? ENDINGS[by] : "over");
      hear(finished);
      for (const hearLater of giving.later ?? []) hearLater(outcomeAfterOther(by, finished));
    });
  }

  return {
    give({ taskId, finish, by, isOpen }, hear) {
      const { workspace } = finish;
      const earlier = givings.get(taskId);
      // Ids of executions are the same in no two workspaces: who answers from another one means a task that is not there.
      if (earlier !== undefined && earlier.workspace !== workspace) return hear("unknown");
      if (earlier !== undefined) {
        earlier.later ??= [];
        earlier.later.push(hear);
        return;
      }
      const ending = isOpen ? null : recent.find(workspace, taskId);
      if (ending !== null) return hear(outcomeAfter(ending));
      const giving: Giving = { workspace, by, later: null };
      givings.set(taskId, giving);
      commit(taskId, finish, giving, hear);
    },
    isBeingGiven: (workspace, taskId) => givings.get(taskId)?.workspace === workspace,
  };
}

function outcomeAfterOther(by: Giver, finished: Finished): ResultOutcome | Error {
  return finished === "accepted" ? outcomeAfter(ENDINGS[by]) : finished;
}

function outcomeAfter(ending: Ending | null): ResultOutcome {
  if (ending === null) return "unknown";
  return ending === "answered" ? "duplicate" : "stale";
}
