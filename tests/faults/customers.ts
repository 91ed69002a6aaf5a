/**
 * Customers who never give up: whatever was not answered is sent again with the same key, and what a workflow waits for is
 * sent until it was taken. They start at a steady rate, whatever the platform does meanwhile.
 *
 *     open ──each tick──► start ──not answered──► start again ──accepted──► signal or event, until it is taken
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Problem } from "../../src/core/protocol/problems.ts";
import type { StartAnswer } from "../../src/core/protocol/starts.ts";
import type { Answered, Api } from "../e2e/api.ts";
import { KINDS, type Kind } from "./orders.ts";

export interface Order {
  readonly token: string;
  readonly kind: Kind;
  readonly executionId: string;
}

export interface Customers {
  /** No more orders; resolves once all that were begun are accepted and all that they need is taken. */
  close(): Promise<readonly Order[]>;
  readonly begun: number;
  readonly accepted: number;
  /** Requests that were sent again because nobody answered, or with "not now". */
  readonly repeated: number;
  /** What should never be answered. */
  readonly surprises: readonly string[];
}

const TICK_MS = 20;

/** So long a customer waits before it sends again. */
const AGAIN_MS = 150;

export function sendCustomers(api: Api, rate: number): Customers {
  const orders: Promise<Order>[] = [];
  const surprises: string[] = [];
  let accepted = 0;
  let repeated = 0;

  /** Sends until there is an answer that says yes or no. */
  async function insist<T>(send: () => Promise<Answered<T>>): Promise<Answered<T>> {
    for (;;) {
      const answer = await send().catch(() => null);
      if (answer !== null && answer.status !== 503 && answer.status !== 429) return answer;
      if (answer !== null && answer.headers.get("retry-after") === null) surprises.push("a 503 without Retry-After");
      repeated += 1;
      await pause(AGAIN_MS);
    }
  }

  async function order(n: number): Promise<Order> {
    const kind = KINDS[n % KINDS.length] as Kind;
    const token = `${kind.workflow}-${n}`;
    const start = () =>
      api.post<StartAnswer>(
        `/api/v1/workflows/${kind.workflow}/execute`,
        { input: { token } },
        { "idempotency-key": token },
      );
    const started = await insist(start);
    if (started.status !== 202 && started.status !== 200) surprises.push(`${token}: ${started.text}`);
    const executionId = started.body.execution_id;
    accepted += 1;
    if (kind.needs === "signal") await signal(token, executionId);
    if (kind.needs === "event") await publish(token);
    return { token, kind, executionId };
  }

  async function signal(token: string, executionId: string): Promise<void> {
    const body = { id: `${token}/approve`, data: { by: `signal of ${token}` } };
    const answer = await insist(() => api.post<Problem>(`/api/v1/executions/${executionId}/signals/approve`, body));
    // Sent again after its effect: then the execution may have ended with it.
    const isTaken = answer.status === 202 || answer.body.code === "EXECUTION_ENDED";
    if (!isTaken) surprises.push(`${token}: ${answer.text}`);
  }

  async function publish(token: string): Promise<void> {
    const event = { name: "paid", id: `${token}/paid`, correlation_key: token, data: { by: `event of ${token}` } };
    const answer = await insist(() => api.post("/api/v1/events", event));
    if (answer.status !== 202) surprises.push(`${token}: ${answer.text}`);
  }

  const openedAt = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - openedAt) / 1000) * rate);
    while (orders.length < due) orders.push(order(orders.length));
  }, TICK_MS);

  return {
    get begun() {
      return orders.length;
    },
    get accepted() {
      return accepted;
    },
    get repeated() {
      return repeated;
    },
    surprises,
    close() {
      clearInterval(timer);
      return Promise.all(orders);
    },
  };
}
