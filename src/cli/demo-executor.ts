/**
 * The executor of `start --demo`: what the workflow templates call. Its functions work their answers out from the input, take
 * about as long as real ones would, and some fail at the first try, so that there is something to see.
 */

import type { Json, JsonObject } from "../core/base/json.ts";
import { createClient } from "../sdk/client.ts";
import { MagicFlowError, TaskError } from "../sdk/errors.ts";
import { createExecutor, type Executor } from "../sdk/executor.ts";

/** For who answers like a person: not at once. */
const THINKING_MS = 800;

export interface DemoOptions {
  readonly url: string;
  /** How long an ordinary call takes; 0 for tests. */
  readonly paceMs?: number;
}

type Work = (input: JsonObject, attempt: number) => Json | Promise<Json>;

/** Resolves once the platform knows it. */
export async function startDemoExecutor({ url, paceMs = 120 }: DemoOptions): Promise<Executor> {
  const executor = createExecutor({ name: "demo", url, concurrency: 50, version: "1.0.0" });
  const client = createClient({ url });
  const functions: Readonly<Record<string, Work>> = {
    ...FUNCTIONS,
    // The approver's form: the answer comes as an event, after a moment.
    askApprover({ request_id: requestId, amount }) {
      setTimeout(
        () => {
          const data = { approved: Number(amount) < 10_000, by: "demo approver" };
          // A platform that has stopped meanwhile needs no answer.
          client
            .publish({ name: "approval.decided", correlation_key: String(requestId), data })
            .catch((error: unknown) => {
              if (!(error instanceof MagicFlowError)) throw error;
            });
        },
        paceMs === 0 ? 0 : THINKING_MS,
      ).unref();
      return { asked: "demo approver" };
    },
  };
  for (const [name, work] of Object.entries(functions)) {
    executor.register(name, async (input: JsonObject, { task }) => {
      await pause(paceMs * (1 + (name.length % 4)));
      return await work(input, task.attempt);
    });
  }
  await executor.start();
  return executor;
}

const FUNCTIONS: Readonly<Record<string, Work>> = {
  // Shop
  checkCustomer: ({ customer_id: id }) => {
    if (id === "blocked") throw refused("CUSTOMER_BLOCKED", "This customer may not order.");
    return { customer_id: String(id), discount: String(id).startsWith("customer-4") ? 0.1 : 0 };
  },
  reserveStock: ({ items }) => ({ reserved: lengthOf(items) }),
  releaseStock: ({ items }) => ({ released: lengthOf(items) }),
  chargePayment: ({ order_id: id, amount }, attempt) => {
    if (String(id).startsWith("declined")) throw refused("CARD_DECLINED", "The bank said no.");
    if (attempt === 1) throw busy("BANK_BUSY", "The bank did not answer.");
    return { payment_id: `pay-${id}`, amount: Number(amount) };
  },
  shipParcel: ({ order_id: id }) => ({ tracking_number: `track-${id}` }),
  sendInvoice: ({ order_id: id }) => ({ invoice_number: `inv-${id}` }),

  // Data
  readRecords: ({ source, count }) => ({
    records: Array.from({ length: Math.min(5000, Number(count)) }, (_, i) => ({
      id: `${source}-${i + 1}`,
      region: ["north", "south", "east", "west"][i % 4] ?? "north",
      amount: (i * 37) % 100,
    })),
  }),
  scoreRecords: ({ records }) => ({
    records: listOf(records).map((record, i) => ({ ...(record as JsonObject), score: (i * 53) % 100 })),
  }),
  loadRecords: ({ records, target }) => ({ loaded: Number(records), target: String(target) }),
  importRow: ({ row }) => {
    const { id, email } = row as JsonObject;
    if (!String(email).includes("@")) throw refused("BAD_ROW", `Expected an e-mail address, but row ${id} has none.`);
    return { imported: 1, bad: 0 };
  },
  measure: ({ round }) => ({ value: 100 + ((Number(round) * 17) % 40) }),
  renderReport: ({ name, average }) => ({
    url: `https://reports.example.com/${encodeURIComponent(String(name))}`,
    average: Number(average),
  }),

  // Services and releases
  callService: ({ service, id, down }) => {
    if (down === true) throw refused("SERVICE_DOWN", `The service ${service} is down.`);
    return { answer: `${service} of ${id}` };
  },
  readPrice: ({ id }, attempt) => {
    if (attempt === 1) throw busy("PRICING_BUSY", "The price service did not answer.");
    return { answer: `price of ${id}` };
  },
  publishPage: ({ product_id: id }) => ({ url: `https://shop.example.com/p/${id}` }),
  buildImage: ({ repository, commit }) => ({ image: `${repository}:${commit}` }),
  runTests: ({ suite, flaky }, attempt) => {
    if (flaky === true && attempt === 1) throw busy("TEST_FLAKED", `A test of ${suite} failed by chance.`);
    return { suite: String(suite), passed: String(suite).length * 12 };
  },
  deploy: ({ environment, image }) => ({ url: `https://${environment}.example.com`, image: String(image) }),
  rollBack: ({ environment }) => ({ rolled_back: String(environment) }),
  checkUrl: ({ url }) => ({ url: String(url), status: 200 }),

  // People
  createAccount: ({ email }) => ({ user_id: `user-${String(email).split("@")[0]}` }),
  deleteAccount: ({ user_id: id }) => ({ deleted: String(id) }),
  verifyIdentity: ({ email }) => ({ verified: !String(email).endsWith(".invalid"), level: "full" }),
  createTeam: ({ owner }) => ({ team_id: `team-of-${owner}` }),
  sendMessage: ({ to }) => ({ sent: true, to: String(to) }),

  // Travel
  book: ({ what, place, flaky, fail }, attempt) => {
    if (fail === true) throw refused("SOLD_OUT", `There is no ${what} left in ${place}.`);
    if (flaky === true && attempt === 1) throw busy("BOOKING_BUSY", `The ${what} did not answer.`);
    return { booking_id: `${what}-${place}` };
  },
  cancelBooking: ({ booking_id: id }) => ({ cancelled: String(id) }),

  // Incidents
  openIncident: ({ service }) => ({ incident_id: `inc-${service}` }),
  closeIncident: ({ incident_id: id }) => ({ closed: true, incident_id: String(id) }),
};

/** Trying again is of no use. */
function refused(code: string, message: string): TaskError {
  return new TaskError({ code, message, retryable: false });
}

function busy(code: string, message: string): TaskError {
  return new TaskError({ code, message });
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function lengthOf(value: Json | undefined): number {
  return listOf(value).length;
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, ms));
}
