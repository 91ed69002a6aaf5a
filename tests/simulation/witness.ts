/**
 * Hears every answer of the host in the moment in which it is given, and holds it against what is on disk: "yes" means that
 * it is committed, now and for ever. What was promised is kept, to be asked for again at the end.
 */

import type { TaskResult } from "../../src/host/executors.ts";
import type { Host, Started, StartRequest } from "../../src/host/host.ts";
import type { Outcome } from "../../src/host/refusal.ts";
import { parseTaskId } from "../../src/host/tasks/task-id.ts";
import { isLast, type Recorded } from "./disk.ts";
import { isAwaited, isOver } from "./histories.ts";
import { owns, type Process } from "./process.ts";
import { scenarioOf } from "./scenarios.ts";
import type { World } from "./world.ts";

export function witnessed(world: World, process: Process, host: Host): Host {
  const { disk, fail } = world;

  function promised(rule: string, about: string, holds: () => boolean): void {
    world.promises.push({ rule, about, holds });
    if (!holds()) fail(rule, `${about} was answered with yes, and is not on disk.`);
  }

  /** A yes to a command means that something is in the history. */
  async function command(
    name: string,
    place: { executionId: string; commandId: string },
    asked: Promise<Outcome<object>>,
    shows: (recorded: Recorded) => boolean,
  ): Promise<Outcome<object>> {
    const outcome = await asked;
    const { executionId, commandId } = place;
    const says = outcome.ok ? "yes" : outcome.refusal.code;
    world.note(process.name, `${name} ${commandId} of ${executionId}: ${says}`);
    if (outcome.ok) {
      promised("what is answered holds", `${name} ${commandId} of ${executionId}`, () => {
        const recorded = disk.of(executionId);
        return recorded !== null && shows(recorded);
      });
    }
    return outcome;
  }

  function started(request: { readonly token: unknown }, outcome: Outcome<Started>): void {
    const says = outcome.ok ? `${outcome.row.id}${outcome.isNew ? "" : " (known)"}` : outcome.refusal.code;
    world.note(process.name, `start ${String(request.token)}: ${says}`);
    if (!outcome.ok) return;
    const { id } = outcome.row;
    promised("what is answered holds", `start ${id}`, () => {
      const row = disk.of(id)?.row;
      if (row === undefined) return false;
      return row.metadata["token"] === request.token || scenarioOf(row.workflow).isShared;
    });
  }

  function checkResult(workspace: string, { taskId }: TaskResult, outcome: string): void {
    const place = parseTaskId(taskId);
    const recorded = place === null ? null : disk.of(place.executionId);
    world.note(process.name, `result of ${taskId}: ${outcome}`);
    if (place === null || recorded === null || recorded.row.workspace !== workspace) {
      if (outcome !== "unknown") fail("what does not exist is unknown", `The result of ${taskId} was ${outcome}.`);
      return;
    }
    if (outcome === "accepted" || outcome === "duplicate") {
      promised("what is answered holds", `the result of ${taskId}`, () => isOver(recorded, place.path, place.attempt));
    } else if (owns(world, process, recorded.row.shard) && isAwaited(recorded, place.path, place.attempt)) {
      fail("a result that is awaited is taken", `The result of ${taskId} was ${outcome}.`);
    }
  }

  return {
    ...host,
    async start(request) {
      const outcome = await host.start(request);
      started({ token: request.metadata["token"] }, outcome);
      return outcome;
    },
    async startMany(requests: readonly StartRequest[]) {
      const outcomes = await host.startMany(requests);
      outcomes.forEach((outcome, i) => {
        started({ token: requests[i]?.metadata["token"] }, outcome);
      });
      return outcomes;
    },
    async rerun(request) {
      const outcome = await host.rerun(request);
      started({ token: disk.of(request.executionId)?.row.metadata["token"] }, outcome);
      return outcome;
    },
    cancel: (request) => command("cancel", request, host.cancel(request), isWindingUp),
    terminate: (request) =>
      command("terminate", request, host.terminate(request), ({ events }) =>
        events.some(({ type }) => type === "ExecutionCancelled"),
      ),
    async pause(request) {
      const outcome = await command(
        "pause",
        request,
        host.pause(request),
        (recorded) => recorded.events.some(({ type }) => type === "ExecutionPaused") || isWindingUp(recorded),
      );
      if (outcome.ok) world.pausesHeard.add(request.commandId);
      return outcome;
    },
    resume: (request) => command("resume", request, host.resume(request), () => true),
    signal: (request) =>
      command("signal", request, host.signal(request), ({ events }) =>
        events.some((event) => event.type === "SignalReceived" && event.data.command_id === request.commandId),
      ),
    skipStep: (request) =>
      command("skip", request, host.skipStep(request), (seen) => isByHand(seen, request.commandId)),
    completeStep: (request) =>
      command("complete", request, host.completeStep(request), (seen) => isByHand(seen, request.commandId)),
    compensate: (request) =>
      command("compensate", request, host.compensate(request), ({ events }) =>
        events.some((event) => event.type === "ExecutionReopened" && event.data.command_id === request.commandId),
      ),
    retry: (request) =>
      command("retry", request, host.retry(request), ({ events }) =>
        events.some((event) => event.type === "ExecutionReopened" && event.data.command_id === request.commandId),
      ),
    async publish(event) {
      const outcome = await host.publish(event);
      world.note(process.name, `publish ${event.id}: ${outcome.ok ? "yes" : outcome.refusal.code}`);
      if (outcome.ok) {
        promised("what is answered holds", `event ${event.id}`, () =>
          disk.published.some(({ event: { id } }) => id === event.id),
        );
      }
      return outcome;
    },
    async waitForEnd(request) {
      const hasEnded = await host.waitForEnd(request);
      if (hasEnded && disk.of(request.executionId)?.events.some(isLast) !== true) {
        fail("nothing is known before it is committed", `${request.executionId} was said to have ended.`);
      }
      return hasEnded;
    },
    executors: {
      ...host.executors,
      async finish(request) {
        const outcomes = await host.executors.finish(request);
        outcomes.forEach(({ outcome }, i) => {
          const result = request.results[i];
          if (result !== undefined) checkResult(request.workspace, result, outcome);
        });
        return outcomes;
      },
    },
  };
}

/** A step has been ended by this command, or winds up because of it. */
function isByHand({ events }: Recorded, commandId: string): boolean {
  return events.some((event) => {
    switch (event.type) {
      case "StepSkipped":
      case "StepCompleted":
        return event.data.manual?.command_id === commandId;
      case "StepClosing":
        return "manual" in event.data.then && event.data.then.manual.command_id === commandId;
      default:
        return false;
    }
  });
}

/** Somebody has cancelled it, its time was over, it has returned or failed, or it has ended. */
function isWindingUp({ events }: Recorded): boolean {
  return events.some(
    (event) =>
      WINDING_UP.has(event.type) ||
      isLast(event) ||
      (event.type === "StepCompleted" && event.data.returns !== undefined),
  );
}

const WINDING_UP: ReadonlySet<string> = new Set([
  "ExecutionCancelRequested",
  "ExecutionTimeoutReached",
  "CompensationStarted",
  "ErrorStepsStarted",
]);
