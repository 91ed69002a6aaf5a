/**
 * Brings executions from the store into memory: those that were active when the process ended, and parked ones that are
 * asked for or will be due soon.
 *
 *     slot: Loading ──row──► definition ──history──► replay ──► Resident, tasks offered, timer set
 *               └── what is asked of it meanwhile waits in it, and goes first afterwards
 */

import { openReactions } from "../core/engine/reactions.ts";
import { partOf, writeOf } from "./commit.ts";
import { lookUpKept } from "./events.ts";
import { type ChildItem, type CommandItem, commandItem, type Item, refuseItem } from "./item.ts";
import { refuseLetters, takeLettersOf } from "./letters/letter-row.ts";
import { type Loop, returnItems, unavailable } from "./loop.ts";
import { takeMessage } from "./messages.ts";
import { quarantine, quarantined } from "./quarantine.ts";
import { type Found, readExecution, textOf } from "./read-execution.ts";
import { hasEnded, unparked } from "./rows.ts";
import { createLoading, createResident, type Loading, type Resident, type Shard } from "./shard.ts";

/** How many are read at a time: enough to keep the store busy, few enough not to fill memory with half-read histories. */
const LOADS_MAX = 32;

/** A load that the store could not serve is tried again after this long. */
const AGAIN_MS = 1000;

/** After a restart executors say first which tasks they hold; only then are the others handed out. */
const HELD_FIRST_MS = 1000;

/** Begins a load unless one is on its way. The execution is not in memory. */
export function load(loop: Loop, shard: Shard, executionId: string, lane: "urgent" | "background"): Loading {
  const known = shard.slots.get(executionId);
  const loading = known?.kind === "loading" ? known : createLoading(shard, executionId, []);
  const isNoNews = known !== undefined && (loading.isStarted || loading.isUrgent || lane === "background");
  if (isNoNews) return loading;
  shard.slots.set(executionId, loading);
  enqueue(loop, loading, lane);
  return loading;
}

/**
 * Deciding has thrown, and what it left in memory may be half done. Once the writes in flight have ended the execution is
 * read again and the command tried once more; if that throws too, the execution is put aside.
 */
export function reload(loop: Loop, resident: Resident, item: CommandItem, error: unknown): void {
  const { shard, execution, row } = resident;
  const executionId = execution.id;
  loop.wakeUps.set(resident, null);
  loop.tasks.board.drop(executionId);
  item.failures += 1;
  if (item.failures > 1) {
    const reason = `Deciding ${item.command.kind} has failed twice: ${textOf(error)}`;
    return quarantine(loop, shard, { executionId, row, reason, waiting: [item] });
  }
  loop.report(
    error,
    `deciding ${item.command.kind} for execution ${executionId} failed; it is loaded again and tried once more`,
  );
  const loading = createLoading(shard, executionId, [item]);
  loading.isUrgent = true;
  shard.slots.set(executionId, loading);
  const begin = () => enqueue(loop, loading, "urgent");
  if (resident.pending === 0 || resident.lastPart === null) begin();
  else void resident.lastPart.batch.done.then(begin);
}

function enqueue(loop: Loop, loading: Loading, lane: "urgent" | "background"): void {
  loading.isUrgent = lane === "urgent";
  loop.loads[lane].push(loading);
  startLoads(loop);
}

function startLoads(loop: Loop): void {
  const { loads } = loop;
  while (loads.running < LOADS_MAX && !loop.isStopping) {
    const loading = loads.urgent.take() ?? loads.background.take();
    if (loading === undefined) return;
    if (loading.isStarted || !isWanted(loading)) continue;
    loading.isStarted = true;
    loads.running += 1;
    void readAndInstall(loop, loading).then(() => {
      loads.running -= 1;
      startLoads(loop);
    });
  }
}

/** False once the shard has dropped its memory. */
function isWanted(loading: Loading): boolean {
  return loading.shard.slots.get(loading.executionId) === loading;
}

async function readAndInstall(loop: Loop, loading: Loading): Promise<void> {
  let found: Found;
  try {
    found = await readExecution(loop, loading.executionId, loading.waiting);
  } catch (error) {
    if (isWanted(loading)) tryAgainLater(loop, loading, error);
    return;
  }
  if (isWanted(loading)) place(loop, loading, found);
}

function place(loop: Loop, loading: Loading, found: Found): void {
  const { shard, executionId, waiting } = loading;
  switch (found.kind) {
    case "unknown":
      shard.slots.delete(executionId);
      refuseLetters(waiting);
      return answerNothing(loop, loading, null);
    case "over":
      shard.slots.delete(executionId);
      takeLettersOf(loop, shard, found.row, waiting);
      return answerNothing(loop, loading, found.row.workspace);
    case "quarantined":
      shard.slots.delete(executionId);
      loop.quarantined.set(executionId, found.reason);
      takeLettersOf(loop, shard, found.row, waiting);
      for (const item of waiting) if (item.kind !== "letter") refuseItem(item, quarantined(executionId, found.reason));
      return;
    case "broken":
      return quarantine(loop, shard, { executionId, row: found.row, reason: found.reason, waiting });
    case "read":
      return install(loop, loading, found);
  }
}

function install(loop: Loop, loading: Loading, found: Extract<Found, { kind: "read" }>): void {
  const { shard, executionId, waiting } = loading;
  const { row, definition, execution, growth } = found;
  const resident = createResident({ shard, definition, execution, row, usedAt: loop.clock.now(), growth });
  resident.isContinuing = !hasEnded(row.status);
  shard.slots.set(executionId, resident);
  if (hasEnded(row.status)) return returnItems(loop, shard, waiting);
  try {
    resume(loop, resident);
  } catch (error) {
    const reason = `What it waits for cannot be told: ${textOf(error)}`;
    return quarantine(loop, shard, { executionId, row, reason, waiting });
  }
  returnItems(loop, shard, [commandItem(executionId, { kind: "Continue" }), ...waiting]);
}

/**
 * Repeats what may not have been done before a crash. Messages and children are not repeated here: they stand in the
 * outbox until their receivers have committed.
 */
function resume(loop: Loop, resident: Resident): void {
  const { row, definition, execution, shard } = resident;
  if (wasLeftAsleep(resident)) tellOfIt(loop, resident);
  const notBefore = loop.clock.now() + (row.parked ? 0 : HELD_FIRST_MS);
  for (const reaction of openReactions(definition, execution)) {
    if (reaction.kind === "OfferTask")
      loop.tasks.board.offer({ workspace: execution.workspace, task: reaction.task, notBefore });
    // A parked execution had its answer before it was parked.
    if (reaction.kind === "AddWait" && reaction.correlation !== null && !row.parked) {
      lookUpKept(loop, resident, { event: reaction.event, correlation: reaction.correlation });
    }
  }
  if (execution.status === "paused") loop.tasks.board.pause(execution.id);
  loop.wakeUps.set(resident, execution.wakeAt);
  if (!row.parked) return;
  // At once, and not with its next event: tasks that are in memory must not be found in the store as well, and what is
  // due soon must not stand before what is due later each time the scanner looks.
  const part = partOf(loop.collecting, shard);
  resident.row = unparked(row);
  writeOf(part, resident).row = resident.row;
  part.removeTasksOf.add(execution.id);
}

/** It was parked with a later wake-up than it needs, or with none: but for whoever has asked for it, it would sleep on. */
function wasLeftAsleep({ row, execution }: Resident): boolean {
  const due = execution.wakeAt;
  return row.parked && row.status === "running" && due !== null && (row.wakeAt === null || row.wakeAt > due);
}

/** Being loaded has mended it. */
function tellOfIt({ counters, report }: Loop, { execution }: Resident): void {
  counters.stuck += 1;
  counters.unstuck += 1;
  const error = new Error(
    `Expected execution ${execution.id} to be woken in time, but it was parked without a wake-up.`,
  );
  report(error, "an execution that stood still was found as it was loaded");
}

function tryAgainLater(loop: Loop, loading: Loading, error: unknown): void {
  loop.report(error, `execution ${loading.executionId} could not be loaded and is tried again`);
  const refused = loading.waiting.filter((item) => !isOurs(item));
  const kept = loading.waiting.filter(isOurs);
  loading.waiting.splice(0, loading.waiting.length, ...kept);
  for (const item of refused) refuseItem(item, unavailable(loop));
  loading.isStarted = false;
  // Urgent as long as it waits: what is asked of it meanwhile does not make it be tried at once.
  loading.isUrgent = true;
  loop.clock.after(AGAIN_MS, () => {
    if (!loading.isStarted && isWanted(loading)) enqueue(loop, loading, "urgent");
  });
}

/** `workspace` null: there is no such execution. */
function answerNothing(loop: Loop, loading: Loading, workspace: string | null): void {
  for (const item of loading.waiting) {
    if (item.kind === "start") returnItems(loop, loading.shard, [item]);
    if (item.kind === "child") answerChild(loop, loading.shard, item, workspace !== null);
    if (item.kind !== "command") continue;
    takeMessage(loop, loading.shard, item.message);
    const isKnown = workspace !== null && (item.workspace === null || item.workspace === workspace);
    item.reply?.resolve({ kind: isKnown ? "nothing" : "unknown" });
  }
}

/** A child that was asked for before it was begun: it has been begun and is over, or can be begun now. */
function answerChild(loop: Loop, shard: Shard, item: ChildItem, isThere: boolean): void {
  if (isThere) takeMessage(loop, shard, item.message);
  else returnItems(loop, shard, [item]);
}

/** Nobody outside waits for it. */
function isOurs(item: Item): boolean {
  return item.kind !== "letter" && (item.kind !== "command" || item.workspace === null);
}
