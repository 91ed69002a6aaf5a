/**
 * Events of a workspace on their way to the waits that they fit.
 *
 *     publish ──commit──► kept event + outbox row ──► waits that are stored by now ──► outbox row removed
 *     wait    ──commit──► stored wait             ──► events that are kept by now
 *
 * Both sides look after their own commit, so whichever was first, one of them sees the other. Sometimes both do: an
 * execution takes an event at most once, so that does no harm.
 */

import type { Json } from "../core/base/json.ts";
import type { Command } from "../core/engine/commands.ts";
import type { EmittedEvent } from "../core/engine/events.ts";
import type { KeptEvent } from "../ports/store.ts";
import { type Part, partOf } from "./commit.ts";
import type { Effect } from "./effects.ts";
import { type CommandAnswer, commandItem, type MessageBody, type PublishItem, type Reply } from "./item.ts";
import { type Loop, shardOfExecution, submitInternal } from "./loop.ts";
import { isPassing } from "./refusal.ts";
import type { Resident, Shard } from "./shard.ts";

/** What could not be asked of the store is asked again after this long. */
const AGAIN_MS = 1000;

/** Published from outside: decided by nobody, only written. */
export function takePublish(loop: Loop, shard: Shard, item: PublishItem): void {
  const { workspace, event, reply } = item;
  const part = partOf(loop.collecting, shard);
  const outboxId = `event/${loop.entropy.id()}`;
  part.effects.push(addPublish(loop, part, { workspace, event, outboxId }));
  part.waiting.push({
    committed: () => reply.resolve({ ok: true }),
    lost: (refusal) => reply.resolve({ ok: false, refusal }),
  });
}

/** Writes what makes the event durable; the answer is what is to be done after the commit. */
export function addPublish(
  loop: Loop,
  part: Part,
  { workspace, event, outboxId }: { workspace: string; event: EmittedEvent; outboxId: string },
): Effect {
  const { id, name, data, correlation_key: correlationKey } = event;
  if (correlationKey !== null) {
    part.events.push({ workspace, id, event: name, correlationKey, data, at: loop.clock.now() });
  }
  const body: MessageBody = { kind: "event", workspace, event };
  part.outbox.push({ id: outboxId, shard: part.shard.index, body: body as unknown as Json });
  return { kind: "Publish", workspace, event, outboxId };
}

/** Brings a committed event to everybody who waits for it now. */
export function fanOut(loop: Loop, shard: Shard, effect: Extract<Effect, { kind: "Publish" }>): void {
  const { generation } = shard;
  const again = () => {
    loop.clock.after(AGAIN_MS, () => {
      // After a recovery the outbox was read again, and the event is on its way once more.
      if (shard.generation === generation && !loop.isStopping) fanOut(loop, shard, effect);
    });
  };
  const { workspace, event, outboxId } = effect;
  loop.store.findWaits({ workspace, event: event.name, correlationKey: event.correlation_key }).then((waits) => {
    const executionIds = new Set(waits.map((wait) => wait.executionId));
    const forgetRow = () => submitInternal(loop, shard, { kind: "forget", outboxId });
    if (executionIds.size === 0) return forgetRow();
    let left = executionIds.size;
    let isComplete = true;
    const resolve = (isTaken: boolean) => {
      isComplete &&= isTaken;
      left -= 1;
      if (left === 0) isComplete ? forgetRow() : again();
    };
    for (const executionId of executionIds) deliver(loop, executionId, event, resolve);
  }, again);
}

/** Brings the events that are kept to a wait that has begun. */
export function lookUpKept(loop: Loop, resident: Resident, wait: { event: string; correlation: string }): void {
  const { execution, shard } = resident;
  resident.lookups += 1;
  loop.store
    .findEvents({
      workspace: execution.workspace,
      event: wait.event,
      correlationKey: wait.correlation,
      since: loop.clock.now() - loop.limits.eventsKeptMs,
    })
    .then(
      (events) => {
        // It may not be parked before it has taken what was found: a parked one is believed to have had its answer.
        let left = events.length;
        const heard = () => {
          left -= 1;
          if (left <= 0) resident.lookups -= 1;
        };
        if (shard.slots.get(execution.id) !== resident || left === 0) return heard();
        for (const event of events) deliver(loop, execution.id, toEmitted(event), heard);
      },
      () => {
        loop.clock.after(AGAIN_MS, () => {
          resident.lookups -= 1;
          if (shard.slots.get(execution.id) === resident && !loop.isStopping) lookUpKept(loop, resident, wait);
        });
      },
    );
}

function deliver(loop: Loop, executionId: string, event: EmittedEvent, heard: (isTaken: boolean) => void): void {
  const { id, name, data, correlation_key: correlationKey } = event;
  const command: Command = { kind: "DeliverEvent", event: { id, name, data, correlationKey } };
  const reply: Reply<CommandAnswer> = {
    resolve: (answer) => heard(answer.kind !== "refused" || !isPassing(answer.refusal)),
    reject: () => heard(true),
  };
  submitInternal(loop, shardOfExecution(loop, executionId), commandItem(executionId, command, { reply }));
}

function toEmitted(event: KeptEvent): EmittedEvent {
  return { id: event.id, name: event.event, data: event.data, correlation_key: event.correlationKey };
}
