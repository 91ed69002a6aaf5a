import assert from "node:assert/strict";
import { test } from "node:test";

import type { JsonObject } from "../core/base/json.ts";
import { openRig, type Rig } from "./rig.test.ts";

const WORKFLOW = `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: paying, version: 1.0.0 }
spec:
  steps:
    - { name: pay, executor: shop, function: pay, circuit_breaker: { failure_threshold: 1, recovery_timeout: 1h } }
`;
const PATIENT = WORKFLOW.replace("name: paying", "name: patient").replace("1h }", "1h, on_open: wait }");

const PLACE = "/api/v1/circuit-breakers/shop%2Fpay";

async function open(rig: Rig): Promise<void> {
  await rig.register(WORKFLOW);
  await rig.register(PATIENT);
  const id = await rig.start("paying");
  const [task] = await rig.poll("shop");
  await rig.post("/api/v1/tasks/results", {
    results: [{ task_id: task?.["id"], status: "failed", error: { code: "BROKEN", message: "It broke." } }],
  });
  await rig.get(`/api/v1/executions/${id}/results?wait=5s`);
}

test("a circuit breaker is shown with what made it so, who waits, and can be reset", async () => {
  await using rig = await openRig();
  await open(rig);
  const { body } = await rig.get(PLACE);
  assert.equal(body["state"], "open");
  assert.deepEqual(body["settings"], {
    failure_threshold: 1,
    failure_rate_threshold: null,
    recovery_timeout: 3600,
    half_open_max_calls: 1,
  });
  assert.equal((body["declared_by"] as JsonObject)["step"], "pay");
  assert.deepEqual(
    (body["transitions"] as readonly JsonObject[]).map(({ reason }) => reason),
    ["a call failed"],
  );

  const refused = await rig.start("paying");
  const results = await rig.get(`/api/v1/executions/${refused}/results?wait=5s`);
  assert.equal((results.body["error"] as JsonObject)["code"], "CIRCUIT_OPEN");
  assert.deepEqual(((results.body["error"] as JsonObject)["details"] as JsonObject)["target"], "shop/pay");

  const waiting = await rig.start("patient");
  let explained = await rig.get(`/api/v1/executions/${waiting}/explain`);
  for (let n = 0; n < 50 && (await rig.get(PLACE)).body["waiting"] !== 1; n++) {
    explained = await rig.get(`/api/v1/executions/${waiting}/explain`);
  }
  assert.match(
    String(explained.body["sentence"]),
    /^Step "pay" waits for the circuit breaker of "shop\/pay", which is open until 2.*Z\.$/,
  );
  const [wait] = explained.body["waits"] as readonly JsonObject[];
  assert.equal(wait?.["kind"], "circuit");
  const [caller] = (await rig.get(PLACE)).body["line"] as readonly JsonObject[];
  assert.equal(caller?.["execution_id"], waiting);

  const metrics = await rig.get("/metrics");
  assert.match(metrics.text, /^magicflow_circuit_breaker_state\{target="shop\/pay"\} 2$/m);
  assert.match(metrics.text, /^magicflow_circuit_breaker_transitions_total\{to="open"\} 1$/m);

  const reset = await rig.post(`${PLACE}/reset`);
  assert.equal(reset.status, 200);
  assert.equal(reset.body["state"], "closed");
  assert.deepEqual((reset.body["transitions"] as readonly JsonObject[]).at(-1)?.["reason"], "reset by anonymous");
  const [task] = await rig.poll("shop");
  assert.equal(task?.["execution_id"], waiting);
});

test("breakers are listed by target, by state, and page by page", async () => {
  await using rig = await openRig();
  await open(rig);
  await rig.register(
    WORKFLOW.replace("name: paying", "name: calling").replace(
      "executor: shop, function: pay",
      'type: http, url: "https://api.example.com/a/${input.id}", body: $.input',
    ),
  );
  const list = await rig.get("/api/v1/circuit-breakers");
  const targets = (list.body["items"] as readonly JsonObject[]).map(({ target }) => target);
  assert.deepEqual(targets, ["https://api.example.com", "shop/pay"]);
  const isOpen = await rig.get("/api/v1/circuit-breakers?state=open");
  assert.equal((isOpen.body["items"] as readonly JsonObject[]).length, 1);
  const first = await rig.get("/api/v1/circuit-breakers?limit=1");
  const second = await rig.get(`/api/v1/circuit-breakers?limit=1&cursor=${first.body["next_cursor"]}`);
  assert.equal((second.body["items"] as readonly JsonObject[])[0]?.["target"], "shop/pay");
  assert.equal((await rig.get("/api/v1/circuit-breakers/https%3A%2F%2Fapi.example.com")).body["state"], "closed");
});

test("a breaker that nobody knows is not found", async () => {
  await using rig = await openRig();
  assert.equal((await rig.get("/api/v1/circuit-breakers/nobody%2Fknows")).body["code"], "BREAKER_NOT_FOUND");
  assert.equal((await rig.post("/api/v1/circuit-breakers/nobody%2Fknows/reset")).body["code"], "BREAKER_NOT_FOUND");
});
