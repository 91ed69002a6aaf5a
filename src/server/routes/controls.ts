/** Changing what goes on: cancel, terminate, pause, resume, retry, signal. */

import {
  cancelExecution,
  pauseExecution,
  resetQuarantine,
  resumeExecution,
  retryExecution,
  signalExecution,
  terminateExecution,
} from "../../core/protocol/execution-routes.ts";
import type { ControlAnswer } from "../../core/protocol/executions.ts";
import type { Outcome } from "../../host/refusal.ts";
import { type Answer, json, problem, refused } from "../answer.ts";
import type { Call } from "../binding.ts";
import type { RouteContext } from "./context.ts";
import { keyOf } from "./starts.ts";

interface Place {
  readonly workspace: string;
  readonly executionId: string;
  readonly commandId: string;
}

type ControlCall = Call<{ execution_id: string }, object, { id?: string } | undefined>;

/** Sends a command under its id, and answers with what the execution is after it. */
export async function control(
  { host, entropy }: Pick<RouteContext, "host" | "entropy">,
  { workspace, params, body, headers }: ControlCall,
  send: (place: Place) => Promise<Outcome<object>>,
): Promise<Answer> {
  const executionId = params.execution_id;
  const commandId = body?.id ?? keyOf(headers) ?? entropy.id();
  const outcome = await send({ workspace, executionId, commandId });
  if (!outcome.ok) return refused(outcome.refusal);
  const row = await host.read({ workspace, executionId });
  if (row === null) return problem("EXECUTION_NOT_FOUND", "Expected the execution to be there, but it is gone.");
  const answer: ControlAnswer = { execution_id: executionId, status: row.status, command_id: commandId };
  return json(202, answer);
}

export function bindControls(context: RouteContext): void {
  const { binder, host } = context;

  binder.bind(cancelExecution, (call) =>
    control(context, call, (place) => host.cancel({ ...place, reason: call.body?.reason ?? "Cancelled by request." })),
  );
  binder.bind(terminateExecution, (call) =>
    control(context, call, (place) =>
      host.terminate({ ...place, reason: call.body?.reason ?? "Terminated by request." }),
    ),
  );
  binder.bind(pauseExecution, (call) =>
    control(context, call, (place) => host.pause({ ...place, freezeTimers: call.body?.timers === "freeze" })),
  );
  binder.bind(resumeExecution, (call) => control(context, call, (place) => host.resume(place)));
  binder.bind(resetQuarantine, (call) => control(context, call, (place) => host.resetQuarantine(place)));
  binder.bind(retryExecution, (call) => control(context, call, (place) => host.retry(place)));
  binder.bind(signalExecution, (call) =>
    control(context, call, (place) => host.signal({ ...place, name: call.params.name, data: call.body?.data ?? null })),
  );
}
