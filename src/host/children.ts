/**
 * Begins the children of executions. A child that cannot begin (no such workflow, input that breaks its schema) ends its
 * parent's step like one that has failed.
 */

import type { StartExecution } from "../core/engine/commands.ts";
import type { StepError } from "../core/engine/error.ts";
import type { Definition } from "../core/language/definition.ts";
import { partOf } from "./commit.ts";
import { begin } from "./decisions.ts";
import type { ChildItem } from "./item.ts";
import { type Loop, returnItems, scheduleTurn } from "./loop.ts";
import { send, takeMessage } from "./messages.ts";
import { checkInput, limitsOf } from "./prepare-start.ts";
import type { Refusal } from "./refusal.ts";
import { createLoading, type Loading, type Shard } from "./shard.ts";

/** What the store could not be asked is asked again after this long. */
const AGAIN_MS = 1000;

export function takeChild(loop: Loop, shard: Shard, item: ChildItem): void {
  const { start, workspace } = item;
  const slot = shard.slots.get(start.executionId);
  if (slot?.kind === "resident") return takeMessage(loop, shard, item.message);
  // Somebody has asked for the child before it was begun, and whether it is there is being found out.
  if (slot !== undefined && slot !== item.place) return void slot.waiting.push(item);
  if (item.isRepeat) return void lookForChild(loop, shard, item);
  const definition =
    item.definition ?? loop.definitions.cached({ workspace, workflow: start.workflow, version: start.version });
  if (definition === null) return void findDefinition(loop, shard, item);
  beginChild(loop, shard, item, definition);
}

function beginChild(loop: Loop, shard: Shard, item: ChildItem, definition: Definition): void {
  const { start, workspace } = item;
  const { executionId, metadata, priority, parent } = start;
  const checked = checkInput(loop, definition, start.input);
  if (!checked.ok) return failChild(loop, shard, item, toError(checked.refusal, "VALIDATION_FAILED"));
  const { input } = checked;
  const unlimited: StartExecution = {
    kind: "StartExecution",
    input,
    metadata,
    priority,
    timeoutMs: null,
    parent,
    origin: null,
  };
  const limited = limitsOf(loop, definition, workspace, unlimited);
  if (!limited.ok) return failChild(loop, shard, item, toError(limited.refusal, "EXPRESSION_ERROR"));
  const { slots } = limited;
  const command = slots.length === 0 ? unlimited : { ...unlimited, slots };
  try {
    begin(loop, shard, { executionId, workspace, definition, command });
  } catch (error) {
    loop.report(error, `child ${executionId} could not be started`);
    const message = error instanceof Error ? error.message : String(error);
    return failChild(loop, shard, item, {
      code: "INTERNAL",
      message: `Expected the child to be started, but: ${message}`,
    });
  }
  takeMessage(loop, shard, item.message);
  if (item.place !== null) returnItems(loop, shard, item.place.waiting);
}

/** After a restart: the child may have been committed, though not by the commit that would have removed the message. */
async function lookForChild(loop: Loop, shard: Shard, item: ChildItem): Promise<void> {
  const { generation } = shard;
  const place = keepPlace(shard, item);
  try {
    const row = await loop.store.readExecution(item.start.executionId);
    if (shard.generation !== generation) return;
    if (row === null) return returnItems(loop, shard, [{ ...item, isRepeat: false }]);
    takeMessage(loop, shard, item.message);
    givePlaceUp(loop, shard, place);
  } catch {
    if (shard.generation === generation) again(loop, shard, item);
  }
}

async function findDefinition(loop: Loop, shard: Shard, item: ChildItem): Promise<void> {
  const { generation } = shard;
  const { workspace, start } = item;
  keepPlace(shard, item);
  try {
    const found = await loop.definitions.compiled({ workspace, workflow: start.workflow, version: start.version });
    if (shard.generation !== generation) return;
    // An archived workflow is not started from outside any more, but what runs may still need it.
    if (found.ok) returnItems(loop, shard, [{ ...item, definition: found.definition }]);
    else failChild(loop, shard, item, toError(found.refusal, "WORKFLOW_ERROR"));
  } catch {
    if (shard.generation === generation) again(loop, shard, item);
  }
}

/** What is sent to the child from now on must not find that there is none: it waits until that is settled. */
function keepPlace(shard: Shard, item: ChildItem): Loading {
  const { executionId } = item.start;
  const place = item.place ?? createLoading(shard, executionId, []);
  place.isStarted = true;
  item.place = place;
  shard.slots.set(executionId, place);
  return place;
}

/** The child is begun already, or will not be: whoever waits asks the store. */
function givePlaceUp(loop: Loop, shard: Shard, place: Loading): void {
  shard.slots.delete(place.executionId);
  returnItems(loop, shard, place.waiting);
}

function again(loop: Loop, shard: Shard, item: ChildItem): void {
  const { generation } = shard;
  loop.clock.after(AGAIN_MS, () => {
    if (shard.generation === generation) returnItems(loop, shard, [item]);
  });
}

function failChild(loop: Loop, shard: Shard, item: ChildItem, error: StepError): void {
  const { executionId, parent } = item.start;
  takeMessage(loop, shard, item.message);
  if (item.place !== null) givePlaceUp(loop, shard, item.place);
  if (!parent.waits) {
    loop.report(new Error(error.message), `child ${executionId} could not be started, and nobody waits for it`);
    return;
  }
  const command = { kind: "EndChild", path: parent.path, executionId, status: "failed", output: null, error } as const;
  send(loop, partOf(loop.collecting, shard), `${executionId}/0`, {
    kind: "command",
    executionId: parent.execution_id,
    command,
  });
  scheduleTurn(loop);
}

function toError(refusal: Refusal, code: string): StepError {
  const { message, errors } = refusal;
  return errors === undefined
    ? { code, message }
    : { code, message, details: { errors: errors.map(({ pointer, message }) => ({ pointer, message })) } };
}
