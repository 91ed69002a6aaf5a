/**
 * Those who mend executions by hand: they skip and complete steps, begin again from a step or an event, put the new
 * execution in the place of the old one, and undo what has ended.
 *
 * They look at what is on disk to find something to do; by the time they ask it may have changed, and then they are told so.
 */

import { isOpen } from "../../src/core/engine/execution.ts";
import type { Host } from "../../src/host/host.ts";
import type { Outcome } from "../../src/host/refusal.ts";
import type { Recorded } from "./disk.ts";
import { replayed } from "./histories.ts";
import { insist } from "./network.ts";
import { isOfRemoved } from "./removals.ts";
import { WORKSPACE, type World } from "./world.ts";

/** What they may be told of an execution that moves while they think. */
const FITTING: ReadonlySet<string> = new Set([
  "EXECUTION_ENDED",
  "EXECUTION_NOT_ENDED",
  "EXECUTION_CLOSING",
  "NOTHING_TO_COMPENSATE",
  "STEP_ENDED",
  "STEP_CLOSING",
  "STEP_UNKNOWN",
  "RERUN_PLACE_UNFIT",
  "HISTORY_TOO_LONG",
  "WORKFLOW_ARCHIVED",
]);

export async function repair(world: World, token: string, executionId: string): Promise<void> {
  const { chance } = world;
  const pause = () => world.sleep(world.isCalm ? 0 : chance.between(0, 15_000));
  const place = (what: string) => ({ workspace: WORKSPACE, executionId, commandId: `${token}-${what}` });
  for (let n = 0; chance.happens(0.25) && n < 3; n++) {
    await pause();
    const path = drawStep(world, executionId);
    if (path === null) continue;
    const request = { ...place(`by-hand-${n}`), path, reason: "mended", by: token };
    const skips = chance.happens(0.5);
    await asked(world, token, (host) =>
      skips ? host.skipStep(request) : host.completeStep({ ...request, output: { token, by: "hand" } }),
    );
  }
  if (chance.happens(0.2)) {
    await pause();
    await fork(world, token, executionId);
  }
  for (let n = 0; chance.happens(0.3) && n < 3; n++) {
    await pause();
    await asked(world, token, (host) => host.compensate({ ...place(`undo-${n}`), reason: "undone", by: token }));
  }
}

/** Asked for twice it is one execution. */
async function fork(world: World, token: string, executionId: string): Promise<void> {
  const { chance, disk } = world;
  const events = disk.of(executionId)?.events ?? [];
  const event = Math.max(1, chance.between(0, events.length));
  const path = events[event - 1]?.path ?? null;
  const request = {
    workspace: WORKSPACE,
    executionId,
    commandId: `${token}-fork`,
    input: undefined,
    version: null,
    from: path !== null && chance.happens(0.5) ? { step: path } : { event },
    terminatesOrigin: chance.happens(0.3),
  };
  const first = await asked(world, token, (host) => host.rerun(request));
  if (!first.ok) return;
  world.note(token, `goes on as ${first.row.id} from ${JSON.stringify(request.from)}`);
  // Asked before the second start, which may put a key of its own in its place.
  const keyedAt = disk.keyedAt(first.row.id);
  const again = await asked(world, token, (host) => host.rerun(request));
  // The execution is no older than the history that was copied into it, but its key is as old as the clock said.
  const keptSince = keyedAt ?? first.row.createdAt;
  const isYoung = world.wall.highest() - Math.min(keptSince, first.row.createdAt) < 24 * 3_600_000;
  if (again.ok && again.row.id !== first.row.id && isYoung) {
    world.fail("one key, one execution", `${token} was forked as ${first.row.id} and ${again.row.id}.`);
  }
}

/** A step that has not ended, as far as the disk tells. */
function drawStep(world: World, executionId: string): string | null {
  const recorded: Recorded | null = world.disk.of(executionId);
  if (recorded === null || recorded.hasEnded) return null;
  const paths = [...replayed(recorded).steps.values()].flatMap((step) =>
    isOpen(step) || step.status === "pending" ? [step.path] : [],
  );
  const [first, ...rest] = paths;
  return first === undefined ? null : world.chance.pick([first, ...rest]);
}

async function asked<T>(world: World, token: string, send: (host: Host) => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const outcome = await insist(world, token, send);
  if (!outcome.ok && !FITTING.has(outcome.refusal.code) && !isOfRemoved(world, outcome.refusal)) {
    world.fail("what was answered is there", `${token}: ${outcome.refusal.code} ${outcome.refusal.message}`);
  }
  return outcome;
}
