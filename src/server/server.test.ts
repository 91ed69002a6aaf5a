import assert from "node:assert/strict";
import { test } from "node:test";
import { HELLO, openRig, ORDER } from "./rig.test.ts";

test("a workflow is registered, started and waited for", async () => {
  await using rig = await openRig();
  const registered = await rig.send("POST", "/api/v1/workflows", HELLO, { "content-type": "application/yaml" });
  console.log(registered.status, registered.text, registered.headers);
  const started = await rig.post("/api/v1/workflows/hello/execute?wait=5s", { input: { name: "Ada" } });
  console.log(started.status, started.text, started.headers);
  const id = started.body.execution_id;
  console.log((await rig.get(`/api/v1/executions/${id}`)).text);
  console.log((await rig.get(`/api/v1/executions/${id}/history`)).text);
  console.log((await rig.get(`/api/v1/executions/${id}/results`)).text);
  console.log((await rig.get(`/api/v1/executions/${id}/logs`)).text);
  console.log((await rig.get(`/api/v1/executions/${id}/stream`)).text);
  console.log((await rig.get(`/api/v1/executions`)).text);
  await rig.register(ORDER);
  const oid = await rig.start("order", { input: { amount: 5 } });
  const [task] = await rig.poll("payments");
  console.log(task);
  console.log((await rig.get(`/api/v1/executions/${oid}`)).text);
  await rig.complete(task!, { receipt: "r1" });
  console.log((await rig.get(`/api/v1/executions/${oid}`)).text);
  console.log((await rig.get(`/ready`)).text, (await rig.get(`/health/workflow`)).text);
  console.log((await rig.get(`/api/docs`)).text.length, (await rig.get(`/`)).text.length);
  console.log(rig.reports);
});
