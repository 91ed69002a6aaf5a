/** Plays a scenario on a stage, entry by entry; throws with the place in the story at which something is not as told. */

import assert from "node:assert/strict";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import { COMMANDS } from "./commands.ts";
import { unmet } from "./expectations.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

export interface Tale {
  readonly scenario: Scenario;
  readonly stage: Stage;
  /** By the name that the story gives them; the first is `main`. */
  readonly executions: Map<string, string>;
  /** Ids of tasks that an executor has taken. */
  readonly taken: Set<string>;
  /** `main`, a name given at a start, or with `>` the child that a step has started: `main>call`. */
  executionOf(name: string): Promise<string>;
  /** What of the expectation is not to be seen. */
  unmet(expected: JsonObject): Promise<readonly string[]>;
  /** Lets time pass until nothing is missing any more. */
  until(missing: () => Promise<readonly string[]>): Promise<void>;
}

export async function play(scenario: Scenario, stage: Stage): Promise<void> {
  const tale = createTale(scenario, stage);
  const [first] = scenario.story;
  const story = first !== undefined && "start" in first ? scenario.story : [{ start: {} }, ...scenario.story];
  for (const [i, entry] of story.entries()) {
    const [[word = "", given = null] = []] = Object.entries(entry);
    const command = COMMANDS[word];
    try {
      if (command === undefined) throw new Error(`Expected one of ${Object.keys(COMMANDS).join(", ")}.`);
      await command(tale, named(given, tale));
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`Step ${i} of the story, ${JSON.stringify(entry)}, on level ${stage.level}: ${message}`);
    }
  }
  for (const executionId of tale.executions.values()) await checkHistory(stage, executionId);
}

function createTale(scenario: Scenario, stage: Stage): Tale {
  const executions = new Map<string, string>();
  const tale: Tale = {
    scenario,
    stage,
    executions,
    taken: new Set(),
    async executionOf(name) {
      const [root = "", ...paths] = name.split(">");
      let id = executions.get(root);
      if (id === undefined)
        throw new Error(`Expected an execution named ${root}, but there are ${[...executions.keys()]}.`);
      for (const path of paths) id = await childOf(tale, id, path);
      return id;
    },
    async unmet({ of = "main", ...expected }) {
      const executionId = await tale.executionOf(String(of));
      const [execution, history] = [await stage.read(executionId), await stage.history(executionId)];
      return unmet(expected, { stage, executionId, scale: scenario.scale, execution, history });
    },
    async until(missing) {
      let waitedMs = 0;
      for (;;) {
        const wrong = await missing();
        if (wrong.length === 0) return;
        if (waitedMs > stage.patienceMs) throw new Error(wrong.join("\n"));
        waitedMs += await stage.wait();
      }
    },
  };
  return tale;
}

async function childOf(tale: Tale, parent: string, path: string): Promise<string> {
  let id = "";
  await tale.until(async () => {
    const history = await tale.stage.history(parent);
    const event = history.findLast((each) => each.type === "StepStarted" && each.path === path);
    if (event?.type !== "StepStarted" || event.data.detail.kind !== "workflow")
      return [`Expected ${path} to have started a child, but it has not.`];
    id = event.data.detail.execution_id;
    return [];
  });
  return id;
}

/** Whatever was played, a history has no gaps, its times do not go back, and each run ends once. */
async function checkHistory(stage: Stage, executionId: string): Promise<void> {
  const history = await stage.history(executionId);
  assert.deepEqual(
    history.map(({ seq }) => seq),
    history.map((_, i) => i + 1),
    "a history has no gaps",
  );
  let hasEnded = false;
  for (const [i, event] of history.entries()) {
    assert.ok(
      i === 0 || event.at >= (history[i - 1]?.at ?? ""),
      `event ${event.seq} is dated before the one before it`,
    );
    assert.ok(!hasEnded || event.type === "ExecutionReopened", `${event.type} follows the end`);
    hasEnded = /^Execution(Completed|Failed|Cancelled|TimedOut)$/.test(event.type);
  }
}

/** What stands in braces put in. */
function named(value: Json, tale: Tale): Json {
  if (typeof value === "string")
    return value.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
      return tale.executions.get(name) ?? tale.scenario.names.get(name) ?? whole;
    });
  if (Array.isArray(value)) return value.map((item: Json) => named(item, tale));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, tale)]));
}
