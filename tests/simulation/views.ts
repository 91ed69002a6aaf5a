/** What came of an execution, in a line: equal for two executions that differ in times, ids and the order of side by side. */

import type { Definition } from "../../src/core/language/definition.ts";
import { addEvent, createView, toMessage } from "../../src/core/protocol/view.ts";
import type { Recorded } from "./disk.ts";

export function viewOf(recorded: Recorded, definition: Definition): string {
  const { id, row, events } = recorded;
  const view = createView(definition, { id, workspace: row.workspace });
  for (const event of events) addEvent(view, event);
  const facts = { workflowId: "", createdAt: row.createdAt, status: row.status, leases: new Map() };
  const { status, output, error, steps } = toMessage(view, facts);
  const told = steps.map((step) => {
    const reason = step.reason === null ? "" : ` (${step.reason})`;
    const how = `${step.status}${reason} after ${step.attempts}${step.fallback ? ", by its fallback" : ""}`;
    return `${step.path} ${how}, ${JSON.stringify(step.output)} ${step.error?.code ?? ""}`;
  });
  const line = [`${status} ${JSON.stringify(output)} ${error?.code ?? ""}`, ...told.toSorted()].join("; ");
  return line.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME").replaceAll(/\b[0-9a-f]{30,40}\b/g, "ID");
}
