/**
 * The examples, run by the very commands that their READMEs tell people to give, and looked at more closely than a README
 * does. What comes out is worked out here in another way than the examples do it.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ExecutionMessage, StepMessage } from "../../src/core/protocol/executions.ts";
import type { Api } from "./api.ts";
import { type Child, ROOT, runChild } from "./child.ts";
import { type Platform, startExample, startExecutor, startPlatform } from "./platform.ts";

for (const example of ["order-processing", "data-pipeline", "approval", "user-onboarding"]) {
  test(`the README of ${example} says what its commands do`, { timeout: 120_000 }, async () => {
    const readme = await readFile(join(ROOT, "examples", example, "README.md"), "utf8");
    await followReadme(readme);
  });
}

interface Block {
  readonly language: string;
  readonly text: string;
}

async function followReadme(readme: string): Promise<void> {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language = "", text = ""]): Block => ({ language, text }),
  );
  const [start, ...rest] = blocks;
  assert.equal(start?.text, "./magicflow start\n");
  await using platform = await startPlatform();
  let printed = "";
  const executors: Child[] = [];
  try {
    for (const { language, text } of rest) {
      if (language !== "sh") {
        assert.equal(withoutTimes(printed), withoutTimes(text));
        continue;
      }
      const [, file] = /^npx node --conditions=source (\S+)\n$/.exec(text) ?? [];
      if (file === undefined) printed = await runShell(text, platform);
      else executors.push(await startExecutor(join(ROOT, file), platform));
    }
    assert.ok(executors.length > 0 && printed !== "");
    for (const executor of executors) assert.deepEqual(await executor.end("SIGTERM"), { code: 0, signal: null });
    assert.deepEqual(platform.faults, []);
  } finally {
    for (const executor of executors) await executor.end("SIGKILL");
  }
}

async function runShell(script: string, platform: Platform): Promise<string> {
  const { code, stdout, stderr } = await runChild("sh", ["-e", "-c", script], {
    env: { MAGICFLOW_URL: platform.url },
  });
  assert.equal(code, 0, `${script}\n${stderr}`);
  return stdout;
}

/** Times differ from run to run, and only times. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "TIME");
}

async function readExample(example: string): Promise<string> {
  const read = (file: string) => readFile(join(ROOT, "examples", example, file), "utf8");
  return `${await read("workflow.yaml")}---\n${await read("context.yaml")}`;
}

/** Starts and waits. */
async function run(api: Api, workflow: string, input: object): Promise<ExecutionMessage> {
  const { execution_id } = await api.start(workflow, input as never);
  return api.waitForEnd(execution_id);
}

function stepOf(execution: ExecutionMessage, path: string): StepMessage {
  const step = execution.steps.find((one) => one.path === path);
  assert(step !== undefined, `a step ${path} in ${execution.steps.map((one) => one.path)}`);
  return step;
}

const ITEMS = [
  { product_id: "product-789", quantity: 2, price: 29.99 },
  { product_id: "product-790", quantity: 1, price: 5 },
];

test("an order is charged with its discount, at the second try, and sent", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  await using _executor = await startExample("order-processing", platform);
  const { api } = platform;
  await api.register(await readExample("order-processing"));

  const loyal = await run(api, "order-processing", { order_id: "o-1", customer_id: "customer-456", items: ITEMS });
  assert.equal(loyal.status, "completed");
  // 2 x 29.99 + 5 = 64.98, a tenth less is 58.482, the tax on it 4.824765.
  assert.deepEqual(stepOf(loyal, "totals").output, { subtotal: 64.98, discount: 6.5, tax: 4.82, total: 63.31 });
  assert.deepEqual(loyal.output, {
    order_id: "o-1",
    total: 63.31,
    payment_id: "pay-o-1",
    tracking_number: "track-o-1",
    invoice_number: "inv-o-1",
  });
  assert.equal(stepOf(loyal, "payment").attempts, 2);
  assert.deepEqual(stepOf(loyal, "payment").output, { payment_id: "pay-o-1", amount: 63.31, method: "credit_card" });
  assert.deepEqual(
    [stepOf(loyal, "release-stock").status, stepOf(loyal, "release-stock").reason],
    ["skipped", "not_reached"],
  );

  // Without a discount the tax is on all of it: 64.98 x 1.0825 = 70.34085.
  const stranger = await run(api, "order-processing", { order_id: "o-2", customer_id: "customer-7", items: ITEMS });
  assert.deepEqual(stepOf(stranger, "totals").output, { subtotal: 64.98, discount: 0, tax: 5.36, total: 70.34 });

  const missing = await run(api, "order-processing", {
    order_id: "o-3",
    customer_id: "customer-7",
    items: [{ product_id: "rare", quantity: 1001, price: 1 }],
  });
  assert.equal(missing.status, "failed");
  assert.equal(missing.error?.code, "OUT_OF_STOCK");
  assert.deepEqual(missing.error?.details, { missing: ["rare"] });
});

test("a pipeline sums up every record once, in ten batches, four at a time", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  await using _executor = await startExample("data-pipeline", platform);
  const { api } = platform;
  await api.register(await readExample("data-pipeline"));
  const execution = await run(api, "data-pipeline", { source: "sales", count: 1000 });

  // The records' amounts in whole tenths, so that nothing is rounded here.
  const tenths = Array.from({ length: 1000 }, (_, i) => ((i * 37) % 1000) + 5).filter((_, i) => i % 50 !== 49);
  const highs = tenths.filter((amount) => Math.round(amount / 10) >= 80).length;
  assert.equal(execution.status, "completed");
  assert.deepEqual(execution.output, {
    source: "sales",
    batches: 10,
    records: 980,
    amount: tenths.reduce((sum, amount) => sum + amount, 0) / 10,
    high_scores: highs,
  });
  assert.deepEqual(stepOf(execution, "process").iterations, {
    total: 10,
    running: 0,
    completed: 10,
    failed: 0,
    cancelled: 0,
    hidden: 0,
  });

  const events = await api.history(execution.execution_id);
  let running = 0;
  let most = 0;
  for (const { type } of events) {
    if (type === "IterationStarted") running += 1;
    if (type === "IterationEnded") running -= 1;
    most = Math.max(most, running);
  }
  assert.equal(most, 4);
  for (let batch = 0; batch < 10; batch++) {
    const summary = events.find(({ type, path }) => type === "StepCompleted" && path === `process[${batch}].summarise`);
    assert(summary !== undefined, `batch ${batch} to be summed up`);
    assert.equal((summary.data["output"] as { count: number }).count, 98);
  }
});

test("a request is decided by a signal, early or late, by policy, or by nobody", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  const { api } = platform;
  const text = await readExample("approval");
  await api.register(text);
  await api.register(text.replaceAll(/\bapproval\b(?!-)/g, "hasty-approval").replace("timeout: 24h", "timeout: 1s"));
  const decide = (id: string, data: object) => api.post(`/api/v1/executions/${id}/signals/decision`, { data });
  const request = { requester: "ada", amount: 250 };

  // No executor runs yet: the first step stands before the wait when the signals come.
  const early = await api.start("approval", request);
  assert.equal((await decide(early.execution_id, { remark: "this is no decision" })).status, 202);
  assert.equal((await decide(early.execution_id, { approved: false, by: "grace" })).status, 202);

  await using _executor = await startExample("approval", platform);
  const declined = await api.waitForEnd(early.execution_id);
  assert.equal(declined.status, "completed");
  assert.deepEqual(declined.output, {
    request_id: `req-${early.execution_id}`,
    approved: false,
    decided_by: "grace",
  });
  assert.deepEqual(stepOf(declined, "tell").output, { told: "ada", message: "Not approved (grace)." });

  const late = await api.start("approval", request);
  await api.waitForEvent(late.execution_id, ({ path, type }) => type === "StepStarted" && /wait-for-/.test(path ?? ""));
  assert.equal((await decide(late.execution_id, { approved: true })).status, 202);
  const approved = await api.waitForEnd(late.execution_id);
  assert.deepEqual(approved.output, { request_id: `req-${late.execution_id}`, approved: true, decided_by: "unknown" });

  const small = await run(api, "approval", { requester: "ada", amount: 99.99 });
  assert.deepEqual(small.output, { request_id: `req-${small.execution_id}`, approved: true, decided_by: "policy" });

  const forgotten = await run(api, "hasty-approval", request);
  assert.equal(forgotten.status, "completed");
  assert.deepEqual(forgotten.output, {
    request_id: `req-${forgotten.execution_id}`,
    approved: false,
    decided_by: "nobody",
  });
  const waited = (await api.history(forgotten.execution_id)).filter(({ path }) => path?.endsWith("wait-for-decision"));
  const [first, last] = [waited[0], waited.at(-1)];
  assert.equal(last?.type, "StepFailed");
  assert.ok(Date.parse(last?.at ?? "") - Date.parse(first?.at ?? "") >= 1000, "a timer that fired early");
});

test("a user is welcomed, or told why not", { timeout: 120_000 }, async () => {
  await using platform = await startPlatform();
  await using _executors = await startExample("user-onboarding", platform);
  const { api } = platform;
  await api.register(await readExample("user-onboarding"));

  const good = await run(api, "user-onboarding", { email: "ada@example.com", name: "Ada Lovelace" });
  assert.equal(good.status, "completed");
  const { created_at, ...output } = good.output as Record<string, unknown>;
  assert.deepEqual(output, {
    user_id: "user-ada@example.com",
    account_status: "active",
    verification_status: "verified",
    welcome_email_sent: true,
  });
  assert.ok(Date.parse(String(created_at)) >= Date.parse(good.created_at));
  assert.deepEqual(
    (good.input as { preferences: object }).preferences,
    { newsletter: false, notifications: true },
    "the schema's defaults",
  );

  const blocked = await run(api, "user-onboarding", { email: "eve@blocked.example", name: "Eve" });
  assert.equal(blocked.status, "failed");
  assert.equal(blocked.error?.code, "USER_BLOCKED");
  assert.equal(blocked.error?.step, "validate-user");
  assert.equal(stepOf(blocked, "validate-user").attempts, 1);
  assert.deepEqual(stepOf(blocked, "notify-validation-error").output, { sent: true, to: "eve@blocked.example" });
  assert.deepEqual(
    ["create-account", "send-welcome-email"].map((path) => stepOf(blocked, path).status),
    ["cancelled", "cancelled"],
  );

  const unverified = await run(api, "user-onboarding", { email: "unverified@example.com", name: "Nemo" });
  assert.equal(unverified.status, "completed");
  assert.equal((unverified.output as { verification_status: string }).verification_status, "pending");
  assert.equal(stepOf(unverified, "external-verification").status, "failed");
  assert.equal((unverified.output as { welcome_email_sent: boolean }).welcome_email_sent, true);

  const short = await run(api, "user-onboarding", { email: "x@example.com", name: "X" });
  assert.deepEqual(
    [stepOf(short, "create-account").status, stepOf(short, "create-account").reason],
    ["skipped", "condition"],
  );
  assert.deepEqual((short.output as { account_status: string }).account_status, "pending");
});
