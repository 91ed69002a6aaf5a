/** From the filters of a request to a question for the store. */

import type { Json } from "../core/base/json.ts";
import type { ExecutionsFilter } from "../core/protocol/execution-routes.ts";
import { EXECUTION_STATUSES, type ExecutionStatus } from "../core/protocol/executions.ts";
import type { Filter } from "../host/bulk/bulk.ts";
import type { Host } from "../host/host.ts";

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string };

/** What may be wrong is the status: everything else has been checked by its schema. */
export async function toFilter(
  host: Pick<Host, "definitions">,
  workspace: string,
  given: ExecutionsFilter,
): Promise<Read<Filter>> {
  const statuses = statusesOf(given.status);
  if (!statuses.ok) return statuses;
  const attributes = attributesOf(given);
  const value: Filter = {
    ...(given.workflow === undefined ? {} : { workflow: await nameOf(host, workspace, given.workflow) }),
    ...(given.version === undefined ? {} : { version: given.version }),
    ...(statuses.value === null ? {} : { statuses: statuses.value }),
    ...(given.tag === undefined ? {} : { tag: given.tag }),
    ...(given.parent_id === undefined ? {} : { parentId: given.parent_id }),
    ...(given.error_code === undefined ? {} : { errorCode: given.error_code }),
    ...(given.created_after === undefined ? {} : { createdFrom: Date.parse(given.created_after) }),
    ...(given.created_before === undefined ? {} : { createdBefore: Date.parse(given.created_before) }),
    ...(given.text === undefined ? {} : { text: given.text }),
    ...(given.quarantined === undefined ? {} : { quarantined: given.quarantined }),
    ...(attributes === null ? {} : { metadata: attributes }),
  };
  return { ok: true, value };
}

async function nameOf(host: Pick<Host, "definitions">, workspace: string, workflow: string): Promise<string> {
  if (!workflow.startsWith("wf_")) return workflow;
  return (await host.definitions.read({ workspace, workflow, version: null }))?.name ?? workflow;
}

function statusesOf(given: string | readonly string[] | undefined): Read<readonly ExecutionStatus[] | null> {
  if (given === undefined) return { ok: true, value: null };
  const words = [given]
    .flat()
    .flatMap((text) => text.split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const known = new Set<string>(EXECUTION_STATUSES);
  const wrong = words.find((word) => !known.has(word));
  if (wrong === undefined) return { ok: true, value: words as readonly ExecutionStatus[] };
  const detail = `Expected status to be of ${EXECUTION_STATUSES.join(", ")}, but met ${JSON.stringify(wrong)}.`;
  return { ok: false, detail };
}

const ATTRIBUTE = "metadata.";

function attributesOf(given: ExecutionsFilter): Record<string, Json> | null {
  const found = Object.entries(given).filter(([name]) => name.startsWith(ATTRIBUTE));
  if (found.length === 0) return null;
  return Object.fromEntries(found.map(([name, value]) => [name.slice(ATTRIBUTE.length), toScalar(String(value))]));
}

/** `7`, `true` and `null` are what they are in JSON, `"7"` in quotes is a text, and so is everything else. */
function toScalar(text: string): Json {
  if (!/^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|".*")$/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
