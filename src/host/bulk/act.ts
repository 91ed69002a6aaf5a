/** Does to one execution what is to be done to many. */

import { unreachable } from "../../core/base/bug.ts";
import type { Host } from "../host.ts";
import type { Outcome } from "../refusal.ts";
import type { Bulk } from "./bulk.ts";

/** What the host lets be done to one. */
export type Controls = Pick<Host, "cancel" | "terminate" | "pause" | "resume" | "retry" | "rerun" | "signal">;

export function act(
  controls: Controls,
  { id, workspace, action }: Bulk,
  executionId: string,
): Promise<Outcome<object>> {
  const place = { workspace, executionId, commandId: `bulk/${id}/${executionId}` };
  switch (action.operation) {
    case "cancel":
      return controls.cancel({ ...place, reason: action.reason });
    case "terminate":
      return controls.terminate({ ...place, reason: action.reason });
    case "pause":
      return controls.pause({ ...place, freezeTimers: action.freezeTimers });
    case "resume":
      return controls.resume(place);
    case "retry":
      return controls.retry(place);
    case "rerun":
      return controls.rerun({ ...place, input: action.input?.value, version: action.version });
    case "signal":
      return controls.signal({ ...place, name: action.name, data: action.data });
    default:
      return unreachable(action);
  }
}
