import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../core/base/json.ts";
import { HELLO, ORDER, openRig } from "./rig.test.ts";

const YAML = { "content-type": "application/yaml" };

test("a workflow is registered from its text or from JSON, once", async () => {
  await using rig = await openRig();
  const created = await rig.send("POST", "/api/v1/workflows", HELLO, YAML);
  assert.equal(created.status, 201);
  const { id, hash, endpoints, ...rest } = created.body;
  assert.match(String(id), /^wf_[0-9a-f]+$/);
  assert.match(String(hash), /^[0-9a-f]{64}$/);
  assert.equal((endpoints as JsonObject).execute, "/api/v1/workflows/hello/execute");
  assert.deepEqual(rest, {
    name: "hello",
    version: "1.0.0",
    status: "active",
    validation_status: "valid",
    is_active: true,
    change: "created",
    diagnostics: [],
  });
  const again = await rig.post("/api/v1/workflows", { yaml_content: `# the same\n${HELLO}` });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, id);
});

test("a version never changes", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const refused = await rig.post("/api/v1/workflows", { yaml_content: HELLO.replace("Hello,", "Hi,") });
  assert.equal(refused.status, 409);
  assert.equal(refused.body.code, "VERSION_EXISTS");
  assert.match(String(refused.body.detail), /1\.0\.1/);
});

test("a text with mistakes is refused with all of them, and can be checked without registering", async () => {
  await using rig = await openRig();
  const wrong = HELLO.replace("type: set", "type: sett").replace("metadata:", "metadata_:");
  const refused = await rig.send("POST", "/api/v1/workflows", wrong, YAML);
  assert.equal(refused.status, 422);
  assert.equal(refused.headers.get("content-type"), "application/problem+json; charset=utf-8");
  assert.equal(refused.body.code, "DEFINITION_INVALID");
  const errors = refused.body.errors as JsonObject[];
  assert.ok(errors.length >= 2);
  assert.ok(
    errors.every(
      ({ line, column, code, detail }) =>
        typeof line === "number" &&
        typeof column === "number" &&
        typeof code === "string" &&
        typeof detail === "string",
    ),
  );

  const checked = await rig.send("POST", "/api/v1/workflows/validate", wrong, YAML);
  assert.equal(checked.status, 200);
  assert.equal(checked.body.valid, false);
  assert.equal(checked.body.validation_status, "invalid");
  const fine = await rig.post("/api/v1/workflows/validate", { yaml_content: HELLO });
  assert.deepEqual(fine.body, {
    valid: true,
    validation_status: "valid",
    name: "hello",
    version: "1.0.0",
    diagnostics: [],
  });
  assert.equal((await rig.get("/api/v1/workflows/hello")).status, 404);
});

test("a workflow is read by name and by id, as JSON and as text, with its ETag", async () => {
  await using rig = await openRig();
  const { id } = await rig.register(HELLO);
  const byName = await rig.get("/api/v1/workflows/hello");
  assert.equal(byName.status, 200);
  assert.equal(byName.body.yaml_content, HELLO);
  assert.deepEqual((await rig.get(`/api/v1/workflows/${id}`)).body, byName.body);
  const etag = byName.headers.get("etag") ?? "";
  assert.match(etag, /^"[^"]+"$/);
  assert.equal((await rig.get("/api/v1/workflows/hello", { "if-none-match": etag })).status, 304);
  const text = await rig.get("/api/v1/workflows/hello", { accept: "application/yaml" });
  assert.equal(text.text, HELLO);
  assert.equal(text.headers.get("content-type"), "application/yaml; charset=utf-8");
  const unknown = await rig.get("/api/v1/workflows/nobody");
  assert.deepEqual([unknown.status, unknown.body.code], [404, "WORKFLOW_NOT_FOUND"]);
});

test("PUT adds a version, honours If-Match, and takes the text of no other workflow", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const etag = (await rig.get("/api/v1/workflows/hello")).headers.get("etag") ?? "";
  const next = HELLO.replace("1.0.0", "1.1.0").replace("Hello,", "Hi,");
  const changed = await rig.send("PUT", "/api/v1/workflows/hello", next, { ...YAML, "if-match": etag });
  assert.deepEqual([changed.status, changed.body.version, changed.body.is_active], [201, "1.1.0", true]);
  const stale = await rig.send("PUT", "/api/v1/workflows/hello", next.replace("1.1.0", "1.2.0"), {
    ...YAML,
    "if-match": etag,
  });
  assert.deepEqual([stale.status, stale.body.code], [412, "REVISION_CONFLICT"]);
  const other = await rig.send("PUT", "/api/v1/workflows/hello", ORDER, YAML);
  assert.deepEqual([other.status, other.body.code], [400, "BAD_REQUEST"]);
  assert.equal((await rig.send("PUT", "/api/v1/workflows/hello", next, YAML)).status, 200);
});

test("a dry run changes nothing", async () => {
  await using rig = await openRig();
  const dry = await rig.send("POST", "/api/v1/workflows?dry_run=true", HELLO, YAML);
  assert.equal(dry.status, 200);
  assert.equal((await rig.get("/api/v1/workflows/hello")).status, 404);
});

test("an archived workflow takes no new starts", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  assert.equal((await rig.send("DELETE", "/api/v1/workflows/hello")).status, 204);
  const refused = await rig.post("/api/v1/workflows/hello/execute", { input: { name: "Ada" } });
  assert.deepEqual([refused.status, refused.body.code], [409, "WORKFLOW_ARCHIVED"]);
  assert.deepEqual((await rig.get("/api/v1/workflows")).body.items, []);
  assert.equal(((await rig.get("/api/v1/workflows?archived=true")).body.items as unknown[]).length, 1);
  assert.equal((await rig.send("DELETE", "/api/v1/workflows/nobody")).status, 404);
  const stale = await rig.send("DELETE", "/api/v1/workflows/hello", undefined, { "if-match": '"0"' });
  assert.equal(stale.status, 412);
});

test("versions are listed and read one by one", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  await rig.register(HELLO.replace("1.0.0", "2.0.0").replace("Hello,", "Hi,"));
  const list = await rig.get("/api/v1/workflows/hello/versions");
  assert.deepEqual(
    (list.body.items as JsonObject[]).map(({ version, is_active }) => [version, is_active]),
    [
      ["2.0.0", true],
      ["1.0.0", false],
    ],
  );
  const old = await rig.get("/api/v1/workflows/hello/versions/1.0.0");
  assert.equal(old.body.yaml_content, HELLO);
  assert.equal((await rig.get("/api/v1/workflows/hello?version=1.0.0")).body.version, "1.0.0");
  const unknown = await rig.get("/api/v1/workflows/hello/versions/9.9.9");
  assert.deepEqual([unknown.status, unknown.body.code], [404, "VERSION_NOT_FOUND"]);
  assert.equal((await rig.get("/api/v1/workflows/nobody/versions")).status, 404);
});

test("lists lead from page to page", async () => {
  await using rig = await openRig();
  for (const name of ["a", "b", "c"]) await rig.register(HELLO.replace("name: hello", `name: ${name}`));
  const first = await rig.get("/api/v1/workflows?limit=2");
  assert.deepEqual(
    (first.body.items as JsonObject[]).map(({ name }) => name),
    ["a", "b"],
  );
  const link = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1];
  assert.ok(link !== undefined);
  const second = await rig.get(link);
  assert.deepEqual(
    (second.body.items as JsonObject[]).map(({ name }) => name),
    ["c"],
  );
  assert.equal(second.body.next_cursor, null);
  assert.equal(second.headers.get("link"), null);
  assert.equal((await rig.get("/api/v1/workflows?cursor=nonsense")).status, 400);
});

test("the graph shows steps, edges and lists; the schemas are as they were written", async () => {
  await using rig = await openRig();
  await rig.register(ORDER);
  await rig.register(HELLO);
  const graph = (await rig.get("/api/v1/workflows/order/graph")).body;
  assert.deepEqual(
    (graph.nodes as JsonObject[]).map(({ name, type }) => [name, type]),
    [
      ["charge", "function"],
      ["ship", "function"],
    ],
  );
  assert.deepEqual(graph.edges, [{ from: "charge", to: "ship", kind: "success", recovers: null }]);
  assert.deepEqual(
    (graph.scopes as JsonObject[]).map(({ kind, owner }) => [kind, owner]),
    [["root", null]],
  );
  const schema = (await rig.get("/api/v1/workflows/hello/schema")).body;
  assert.deepEqual((schema.input_schema as JsonObject).required, ["name"]);
  assert.equal(schema.output_schema, null);
  assert.equal((await rig.get("/api/v1/workflows/order/graph?version=9.0.0")).status, 404);
});
