/**
 * Tasks that instances say they work on and that the board does not know: after a restart polls come in before the
 * executions are loaded. Whoever has claimed a task gets it when it is offered, instead of somebody else getting it again.
 */

import type { Connection } from "./entry.ts";
import type { Passed } from "./time.ts";

export interface Claim {
  readonly instance: string;
  readonly leaseMs: number;
  /** Over which the claim was made; null: in a poll. */
  readonly connection: Connection | null;
  readonly until: Passed;
}

export interface Claims {
  make(task: ClaimedTask, claim: Claim): void;
  /** The claim on a task of this executor that still holds, and forgets it. */
  take(task: ClaimedTask): Claim | null;
}

export interface ClaimedTask {
  readonly workspace: string;
  readonly executor: string;
  readonly taskId: string;
}

/** More are not believed: the tasks are then simply delivered again. */
const CLAIMS_MAX = 10_000;

export function createClaims(passed: () => Passed): Claims {
  const claims = new Map<string, Claim>();

  function forgetOld(): void {
    for (const [key, claim] of claims) if (claim.until < passed()) claims.delete(key);
  }

  return {
    make(task, claim) {
      const key = keyOf(task);
      if (claims.size >= CLAIMS_MAX && !claims.has(key)) forgetOld();
      if (claims.size < CLAIMS_MAX || claims.has(key)) claims.set(key, claim);
    },
    take(task) {
      if (claims.size === 0) return null;
      const key = keyOf(task);
      const claim = claims.get(key);
      if (claim === undefined) return null;
      claims.delete(key);
      return claim.until < passed() ? null : claim;
    },
  };
}

function keyOf({ workspace, executor, taskId }: ClaimedTask): string {
  return `${workspace}\n${executor}\n${taskId}`;
}
