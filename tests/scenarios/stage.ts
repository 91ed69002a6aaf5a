/**
 * Where a scenario is played. A stage is asked as callers, operators and executors ask the platform:
 *
 *     engine    decide and evolve alone, with a desk for tasks and a clock, both in this file's neighbours
 *     host      the whole platform in this process, over HTTP, with a store in memory and a clock that is turned by hand
 *     process   the program itself, over HTTP, in real time
 *
 * The last two differ in time alone, so `http-stage.ts` speaks for both, and whatever has a route can be played there.
 */

import type { Json, JsonObject } from "../../src/core/base/json.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import type { ExecutionMessage } from "../../src/core/protocol/executions.ts";
import type { ExplanationMessage } from "../../src/core/protocol/explanations.ts";
import type { Result, Task } from "../../src/core/protocol/tasks.ts";
import type { Level } from "./scenario.ts";

export interface Stage {
  readonly level: Level;
  /** `body` as the API takes it: `input`, `metadata`, `options`. Answers `execution_id` in the body. */
  start(workflow: string, body: JsonObject): Promise<Answer>;
  /** What is asked of one execution: `cancel`, `pause`, `signals/NAME`, ... with the body that the API takes. */
  operate(executionId: string, operation: string, body: JsonObject): Promise<Answer>;
  publish(event: JsonObject): Promise<Answer>;
  /** Any other request. */
  call(method: string, path: string, body: Json | undefined): Promise<Answer>;
  /** An instance of the executor takes what waits for the function. */
  poll(executor: string, functionName: string): Promise<readonly Task[]>;
  finish(result: Result): Promise<string>;
  beat(heartbeat: {
    task_id: string;
    progress?: number;
  }): Promise<{ readonly outcome: string; readonly cancel: boolean }>;
  read(executionId: string): Promise<ExecutionMessage>;
  history(executionId: string): Promise<readonly HistoryEvent[]>;
  explain(executionId: string): Promise<ExplanationMessage>;
  /** Lets some time pass: to the next moment at which something may happen. Answers how much, in its own time. */
  wait(): Promise<number>;
  /** Lets so much pass. */
  pass(ms: number): Promise<void>;
  /** How long it waits for what does not come, in its own time. */
  readonly patienceMs: number;
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}
