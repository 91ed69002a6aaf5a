/** Mending by hand: skip a step, complete it, undo what completed. */

import { compensateExecution, completeStep, skipStep } from "../../core/protocol/repair-routes.ts";
import type { RouteContext } from "./context.ts";
import { control } from "./controls.ts";

export function bindRepairs(context: RouteContext): void {
  const { binder, host } = context;

  binder.bind(skipStep, (call) =>
    control(context, call, (place) =>
      host.skipStep({ ...place, path: call.params.path, reason: call.body?.reason ?? "", by: call.by }),
    ),
  );
  binder.bind(completeStep, (call) =>
    control(context, call, (place) =>
      host.completeStep({
        ...place,
        path: call.params.path,
        output: call.body?.output ?? {},
        reason: call.body?.reason ?? "",
        by: call.by,
      }),
    ),
  );
  binder.bind(compensateExecution, (call) =>
    control(context, call, (place) =>
      host.compensate({ ...place, reason: call.body?.reason ?? "Undone by request.", by: call.by }),
    ),
  );
}
