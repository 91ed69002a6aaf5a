/** The client of `magicflow/sdk` against the real platform. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, createClient, MagicFlowError } from "magicflow/sdk";
import { freePort } from "./child.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let client: Client;
before(async () => {
  platform = await startPlatform();
  client = createClient({ url: platform.url });
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

const HEAD = "apiVersion: magicflow.io/v2\nkind: Workflow\n";
const WAITING = `${HEAD}metadata: { name: waiting, version: 1.0.0, description: Waits., tags: [patient] }
spec:
  input_schema: { type: object, properties: { n: { type: integer, required: true } } }
  steps: [{ name: go, type: wait_for_event, event: go, correlation: "order-\${input.n}" }]
  output: { n: $.input.n, data: $.steps.go.output }
`;

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** A `fetch` by which the first tries of each call fail after they have reached the platform. */
function unreliableFetch(failures: number): { readonly fetch: typeof fetch; readonly tries: string[] } {
  const tries: string[] = [];
  return {
    tries,
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      tries.push(headers.get("idempotency-key") ?? "");
      const answer = await fetch(input, init);
      if (tries.length <= failures) {
        await answer.arrayBuffer();
        throw new TypeError("fetch failed");
      }
      return answer;
    },
  };
}

test("workflows are registered, looked at, changed and archived", { timeout: 60_000 }, async () => {
  const planned = await client.workflows.register(WAITING, { dryRun: true });
  assert.deepEqual([planned.change, planned.name, planned.version], ["created", "waiting", "1.0.0"]);
  await assert.rejects(client.workflows.get("waiting"), { code: "WORKFLOW_NOT_FOUND", status: 404 });
  assert.equal((await client.workflows.register(WAITING)).change, "created");
  assert.equal((await client.workflows.register(WAITING)).change, "unchanged");
  const detail = await client.workflows.get("waiting", { version: "1.0.0" });
  assert.deepEqual([detail.yaml_content, detail.description, detail.tags], [WAITING, "Waits.", ["patient"]]);
  assert.deepEqual(
    (await collect(client.workflows.list({ tag: "patient" }))).map(({ name }) => name),
    ["waiting"],
  );
  const invalid = await client.workflows.validate("kind: Workflw\n");
  assert.deepEqual(
    [invalid.valid, invalid.diagnostics[0]?.code, invalid.diagnostics[0]?.line],
    [false, "kind-unknown", 1],
  );
  await client.workflows.register(WAITING.replaceAll("waiting", "old"));
  await client.workflows.archive("old");
  await assert.rejects(client.execute("old", { n: 1 }), { code: "WORKFLOW_ARCHIVED" });
  assert.deepEqual(
    (await collect(client.workflows.list())).map(({ name }) => name),
    ["waiting"],
  );
});

test("a start that is not answered is tried again and counts once", { timeout: 60_000 }, async () => {
  const { fetch, tries } = unreliableFetch(2);
  const unlucky = createClient({ url: platform.url, fetch });
  const started = await unlucky.execute("waiting", { n: 1 }, { metadata: { about: "unlucky" }, priority: "high" });
  assert.equal(tries.length, 3);
  assert.equal(new Set(tries).size, 1, "one key for all tries");
  const found = await collect(client.executions.list({ metadata: { about: "unlucky" } }));
  assert.deepEqual(
    found.map(({ execution_id, priority }) => [execution_id, priority]),
    [[started.execution_id, 7]],
  );

  const many = createClient({ url: platform.url, fetch: unreliableFetch(1).fetch });
  const batch = await many.executeMany("waiting", [{ input: { n: 2 } }, { input: { n: "x" } }, { input: { n: 3 } }]);
  assert.deepEqual(
    batch.executions.map(({ outcome }) => outcome),
    ["known", "refused", "known"],
  );
  const sent = createClient({ url: platform.url, fetch: unreliableFetch(1).fetch });
  await sent.publish({ name: "go", data: { by: "event" }, correlation_key: "order-2" });
  const [first] = batch.executions;
  assert(first !== undefined && first.outcome !== "refused", "a start that was taken");
  assert.deepEqual((await client.waitForEnd(first.execution_id)).output, { n: 2, data: { by: "event" } });
});

test("an execution is followed over a restart of the platform, each event once", { timeout: 90_000 }, async () => {
  const { execution_id: id } = await client.execute("waiting", { n: 4 });
  const seen: number[] = [];
  const begun = Promise.withResolvers<void>();
  const following = (async () => {
    for await (const { seq, type } of client.executions.follow(id)) {
      seen.push(seq);
      if (type === "StepStarted") begun.resolve();
    }
  })();
  await begun.promise;
  await platform.kill();
  await platform.start();
  assert.equal((await client.executions.signal(id, "go", { ok: true }, { id: "s-1" })).command_id, "s-1");
  await following;
  const history = await collect(client.executions.history(id));
  assert.deepEqual(
    seen,
    history.map(({ seq }) => seq),
  );
  const logs = await collect(client.executions.logs(id));
  assert.equal(logs.length, history.length);
  assert.deepEqual((await client.executions.results(id)).output, { n: 4, data: { ok: true } });
  const [third] = await collect(client.executions.follow(id, { afterSeq: history.length - 1 }));
  assert.equal(third?.seq, history.length);
});

test("executions are controlled, and what cannot be done is an error with a code", { timeout: 60_000 }, async () => {
  const { execution_id: id } = await client.execute("waiting", { n: 5 }, { execution_id: "five" });
  assert.equal(id, "five");
  assert.equal((await client.executions.pause(id)).status, "paused");
  assert.equal((await client.executions.resume(id)).status, "running");
  assert.equal((await client.executions.cancel(id, { reason: "enough" })).status, "cancelled");
  await assert.rejects(client.executions.pause(id), { code: "EXECUTION_ENDED", status: 409 });
  assert.equal((await client.executions.retry(id)).status, "running");
  assert.equal((await client.executions.terminate(id)).status, "cancelled");
  const again = await client.executions.rerun(id, { input: { n: 6 } });
  assert.deepEqual((await client.executions.get(again.execution_id)).origin, { kind: "rerun", execution_id: id });
  await client.executions.signal(again.execution_id, "go");
  assert.deepEqual((await client.waitForEnd(again.execution_id)).output, { n: 6, data: { value: null } });

  await assert.rejects(client.execute("waiting", { n: 1 }, { execution_id: "five" }), { code: "IDEMPOTENCY_CONFLICT" });
  await assert.rejects(client.execute("waiting", { n: "six" }), (error) => {
    assert(error instanceof MagicFlowError, "an error of the client");
    assert.deepEqual([error.code, error.status], ["VALIDATION_FAILED", 422]);
    assert.deepEqual(
      error.problem.errors?.map(({ pointer }) => pointer),
      ["/input/n"],
    );
    return true;
  });
  await assert.rejects(client.executions.get("nowhere"), { code: "EXECUTION_NOT_FOUND" });
  await assert.rejects(collect(client.executions.follow("nowhere")), { code: "EXECUTION_NOT_FOUND" });
  assert.equal(await client.evaluate("$.a + 1", { a: 1 }), 2);
  await assert.rejects(client.evaluate("$.", {}), { code: "EXPRESSION_ERROR" });
});

test("a wait can be given up, and a platform that is not there is an error", { timeout: 60_000 }, async () => {
  const { execution_id: id } = await client.execute("waiting", { n: 7 });
  const patience = new AbortController();
  const waiting = client.waitForEnd(id, { signal: patience.signal });
  const following = collect(client.executions.follow(id, { signal: patience.signal }));
  patience.abort();
  await assert.rejects(waiting, { code: "ABORTED" });
  await following;
  const started = await client.execute("waiting", { n: 7 }, { waitMs: 200 });
  assert.deepEqual([started.status, started.output], ["running", undefined]);

  const nobody = createClient({ url: `http://127.0.0.1:${await freePort()}`, retries: 1 });
  await assert.rejects(nobody.executions.get("x"), { code: "CONNECTION_FAILED", status: 0 });
  await assert.rejects(collect(nobody.executions.follow("x")), { code: "CONNECTION_FAILED" });
});

test("a list goes on over its pages", { timeout: 60_000 }, async () => {
  const executions = Array.from({ length: 25 }, (_, n) => ({ input: { n: n + 100 }, metadata: { list: "pages" } }));
  await client.executeMany("waiting", executions);
  const items = await collect(client.executions.list({ metadata: { list: "pages" }, limit: 4, status: "running" }));
  assert.equal(new Set(items.map(({ execution_id }) => execution_id)).size, 25);
});
