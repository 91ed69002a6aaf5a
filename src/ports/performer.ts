/**
 * Performs the tasks of a built-in executor (`@http`, `@script`): what a step does by itself, outside the loop.
 * Never throws for what the other side did: that is a `failed` answer.
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { StepError } from "../core/engine/error.ts";
import type { EngineTask } from "../core/engine/reactions.ts";

export interface Performer extends AsyncDisposable {
  /** With the `@`. */
  readonly executor: string;
  /** How many tasks it takes at a time. */
  readonly concurrencyMax: number;
  /** `task.input` has its secrets filled in. `signal` aborts when the attempt is cancelled or its time is over. */
  perform(request: { task: EngineTask; workspace: string; signal: AbortSignal }): Promise<Performed>;
}

export type Performed =
  | {
      readonly status: "completed";
      readonly output: Json;
      readonly http: { readonly status: number; readonly headers: JsonObject } | null;
    }
  | { readonly status: "failed"; readonly error: StepError };
