/**
 * Those who look through the dead letters while things go wrong: they have some tried again, some begun anew, and drop some.
 * At the end the list has to be what it says: what failed for good and was neither dropped nor begun again, and no more.
 */

import type { Host } from "../../src/host/host.ts";
import type { Outcome } from "../../src/host/refusal.ts";
import type { ExecutionRow } from "../../src/ports/store.ts";
import type { Recorded } from "./disk.ts";
import { ask } from "./network.ts";
import { isOfRemoved } from "./removals.ts";
import { definitionOf } from "./scenarios.ts";
import { WORKSPACE, type World } from "./world.ts";

/** What they may be told of a letter that somebody else has opened. */
const FITTING: ReadonlySet<string> = new Set([
  "DEAD_LETTER_NOT_FOUND",
  "EXECUTION_NOT_ENDED",
  "EXECUTION_COMPLETED",
  "WORKFLOW_ARCHIVED",
]);

/** The page that is looked at, and everything that is asked for in the end. */
const PAGE = 5;
const EVERYTHING = 1000;

export async function sortLetters(world: World): Promise<void> {
  const { chance } = world;
  if (!chance.happens(0.6)) return;
  while (!world.isCalm) {
    await world.sleep(chance.between(2000, 12_000));
    if (world.isCalm) return;
    const found = await ask(world, (host) => host.letters.list({ workspace: WORKSPACE, limit: PAGE }), {
      who: "sorter",
    });
    for (const letter of found?.letters ?? []) {
      if (letter.kind === "execution" && !world.isCalm && chance.happens(0.5)) await open(world, letter.row);
    }
  }
}

/** As it was listed: somebody else may have opened it since. */
async function open(world: World, { id, replays }: ExecutionRow): Promise<void> {
  const { chance } = world;
  const place = { workspace: WORKSPACE, id };
  const commandId = `sorter-${world.timeline.count}`;
  const choice = chance.pick(["retry", "rerun", "drop", "drop"] as const);
  if (choice !== "retry") world.lettersOpened.add(id);
  const send = (host: Host): Promise<Outcome<object>> =>
    choice === "drop"
      ? host.letters.drop({ ...place, by: "sorter" })
      : host.letters.replay({ ...place, mode: choice, commandId });
  const outcome = await ask(world, send, { who: "sorter" });
  if (outcome === null) return;
  if (!outcome.ok) {
    const { code, message } = outcome.refusal;
    const isPassing = outcome.refusal.retryAfter !== undefined;
    const isFitting = FITTING.has(code) || isOfRemoved(world, outcome.refusal);
    if (!isFitting && !isPassing) world.fail("a dead letter can be opened", `${id}: ${code}, ${message}`);
    return;
  }
  world.promises.push({
    rule: "what is answered holds",
    about: `The ${choice} of dead letter ${id}`,
    holds: () => isOpened(world.disk.of(id), replays),
  });
}

/** Dropped, or begun again at least once since: by this or by somebody else. */
function isOpened(recorded: Recorded | null, replaysBefore: number): boolean {
  return recorded !== null && (recorded.row.dropped !== null || recorded.row.replays > replaysBefore);
}

export async function checkLetters(world: World): Promise<void> {
  const { disk, fail } = world;
  const rule = "the dead letters are what failed for good";
  for (const recorded of disk.records.values()) {
    const { id, row } = recorded;
    if (row.workspace !== WORKSPACE) continue;
    if (row.deadLetter && !isDead(recorded)) fail(rule, `${id} is listed, but should not be.`);
    if (row.deadLetter || !isDead(recorded)) continue;
    const isTakenOff = row.dropped !== null || row.replays > reopenings(recorded);
    if (!isTakenOff || !world.lettersOpened.has(id)) fail(rule, `${id} failed for good, but is not listed.`);
  }
  const marked = [...disk.records.values()].filter(
    ({ row, isRemoved }) => row.workspace === WORKSPACE && row.deadLetter && !isRemoved,
  );
  const query = { workspace: WORKSPACE, deadLetter: true, limit: EVERYTHING };
  const { rows } = await disk.store.findExecutions(query);
  const [found, expected] = [rows.map(({ id }) => id), marked.map(({ id }) => id)];
  if (found.toSorted().join() !== expected.toSorted().join()) fail(rule, `${found} are listed instead of ${expected}.`);
}

/** By its history: how it ended, and whether a parent waits for it. */
function isDead(recorded: Recorded): boolean {
  const { row, events } = recorded;
  const last = events.at(-1)?.type;
  if (last !== "ExecutionFailed" && last !== "ExecutionTimedOut") return false;
  const [first] = events;
  const isAwaited = row.parentId !== null && first?.type === "ExecutionStarted" && first.data.parent?.waits === true;
  return !isAwaited && definitionOf(row.workflow, row.version).keepsDeadLetters;
}

/** Since it is an execution of its own. */
function reopenings({ events }: Recorded): number {
  const forked = events.findLastIndex(({ type }) => type === "ExecutionForked");
  return events.slice(forked + 1).filter(({ type }) => type === "ExecutionReopened").length;
}
