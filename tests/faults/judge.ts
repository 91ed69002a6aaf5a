/** Reads everything back after the last kill, and says what is not as it was promised: each finding is one sentence. */

import { isDeepStrictEqual } from "node:util";
import type { ExecutionMessage, ExecutionSummary, HistoryEventMessage } from "../../src/core/protocol/executions.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import type { Answered, Api } from "../e2e/api.ts";
import type { Order } from "./customers.ts";

export interface Verdict {
  readonly findings: readonly string[];
  readonly executions: number;
  readonly events: number;
  /** When the last one ended. */
  readonly lastEndAt: number;
}

/** Histories that are read at a time. */
const READS_AT_ONCE = 16;

export async function judge(api: Api, orders: readonly Order[]): Promise<Verdict> {
  const findings: string[] = [];
  const listed = await listAll(api);
  checkList(listed, orders, findings);
  const byId = new Map(orders.map((order) => [order.executionId, order]));
  let events = 0;
  const queue = [...listed];
  const read = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const history = await api.history(next.execution_id);
      events += history.length;
      for (const finding of flawsOf(history)) findings.push(`${next.execution_id}: ${finding}`);
      const order = byId.get(next.execution_id);
      if (order !== undefined) await checkEnd(api, order, findings);
      else if (next.status !== "completed") findings.push(`${next.execution_id}: a child that is ${next.status}`);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, read));
  await checkKeys(api, orders, findings);
  const lastEndAt = listed.reduce((last, { finished_at }) => Math.max(last, Date.parse(finished_at ?? "")), 0);
  return { findings, executions: listed.length, events, lastEndAt };
}

/** Everything that was accepted is there once, and nothing besides but the children that it must have. */
function checkList(listed: readonly ExecutionSummary[], orders: readonly Order[], findings: string[]): void {
  const ids = new Set(listed.map(({ execution_id }) => execution_id));
  if (ids.size !== listed.length) findings.push("an execution that is listed twice");
  for (const { token, executionId } of orders) if (!ids.has(executionId)) findings.push(`${token}: accepted and lost`);
  if (new Set(orders.map(({ executionId }) => executionId)).size !== orders.length)
    findings.push("two orders with one execution");
  const expected = orders.length + orders.reduce((sum, { kind }) => sum + kind.children, 0);
  if (listed.length !== expected) findings.push(`Expected ${expected} executions, but there are ${listed.length}.`);
  for (const { execution_id, finished_at, quarantine } of listed) {
    if (finished_at === null) findings.push(`${execution_id}: has not ended`);
    if (quarantine !== null) findings.push(`${execution_id}: was put aside: ${quarantine}`);
  }
}

async function checkEnd(api: Api, { token, kind, executionId }: Order, findings: string[]): Promise<void> {
  const answer = await api.get<ExecutionMessage>(`/api/v1/executions/${executionId}`);
  const { status, output, steps } = answer.body;
  if (status !== kind.ends) findings.push(`${token}: ended as ${status}: ${JSON.stringify(answer.body.error)}`);
  if (!isDeepStrictEqual(output, kind.output(token))) findings.push(`${token}: gave ${JSON.stringify(output)}`);
  const undone = steps.filter((step) => step.status === "compensated").length;
  if (undone !== (kind.ends === "failed" ? 1 : 0)) findings.push(`${token}: ${undone} steps were undone`);
}

/** A key stands for its execution, however often it was sent and whatever was killed meanwhile. */
async function checkKeys(api: Api, orders: readonly Order[], findings: string[]): Promise<void> {
  for (const { token, kind, executionId } of orders.slice(-50)) {
    const again = await api.post<StartAnswer>(
      `/api/v1/workflows/${kind.workflow}/execute`,
      { input: { token } },
      { "idempotency-key": token },
    );
    if (again.status !== 200 || again.body.execution_id !== executionId)
      findings.push(`${token}: its key gave ${again.status} ${again.body.execution_id}`);
  }
}

const TERMINAL: ReadonlySet<string> = new Set([
  "ExecutionCompleted",
  "ExecutionFailed",
  "ExecutionCancelled",
  "ExecutionTimedOut",
]);

/** What ends one attempt of a step: once, whatever was delivered twice. */
const ENDS_ATTEMPT: ReadonlySet<string> = new Set([
  "StepCompleted",
  "StepFailed",
  "StepAttemptFailed",
  "StepCancelled",
]);

function flawsOf(history: readonly HistoryEventMessage[]): readonly string[] {
  const flaws: string[] = [];
  if (history.some(({ seq }, i) => seq !== i + 1)) flaws.push("a gap in its history");
  if (history.filter(({ type }) => TERMINAL.has(type)).length !== 1) flaws.push("not one terminal event");
  if (!TERMINAL.has(history.at(-1)?.type ?? "")) flaws.push("something after its end");
  const scheduled = new Set<string>();
  const ended = new Set<string>();
  for (const { type, path, attempt } of history) {
    const place = type === "StepCompensated" ? `the undoing of ${path}` : `${path} attempt ${attempt}`;
    if (type === "StepScheduled") {
      if (scheduled.has(place)) flaws.push(`${place} was scheduled twice`);
      scheduled.add(place);
    } else if (type === "StepCompensated" || (ENDS_ATTEMPT.has(type) && attempt !== null)) {
      if (ended.has(place)) flaws.push(`${place} ended twice`);
      ended.add(place);
    }
  }
  for (const place of scheduled) if (!ended.has(place)) flaws.push(`${place} has no end`);
  return flaws;
}

async function listAll(api: Api): Promise<readonly ExecutionSummary[]> {
  const items: ExecutionSummary[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Answered<{ items: ExecutionSummary[]; next_cursor: string | null }> = await api.get(
      `/api/v1/executions?limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    items.push(...page.body.items);
    cursor = page.body.next_cursor;
  }
  return items;
}
