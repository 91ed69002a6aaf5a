import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../adapters/stores/memory/store.ts";
import { StoreError } from "../ports/store.ts";
import type { Registered } from "./definitions.ts";
import type { Outcome } from "./refusal.ts";
import { createRegistry, type Registry, workflowIdOf } from "./registry.ts";
import { compareVersions, nextFree, nextPatch } from "./semver.ts";

const WORKSPACE = "default";

function text(name: string, version: string | null, greeting = "hello"): string {
  return `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: ${name}${version === null ? "" : `\n  version: ${version}`}
spec:
  steps:
    - name: greet
      type: set
      variables: { greeting: ${greeting} }
`;
}

function register(
  registry: Registry,
  source: string,
  more: { name?: string; ifMatch?: string; dryRun?: boolean } = {},
): Promise<Outcome<Registered>> {
  return registry.register({
    workspace: WORKSPACE,
    text: source,
    name: more.name ?? null,
    ifMatch: more.ifMatch ?? null,
    now: 1000,
    dryRun: more.dryRun ?? false,
  });
}

async function registered(registry: Registry, source: string): Promise<Registered> {
  const outcome = await register(registry, source);
  if (!outcome.ok) assert.fail(outcome.refusal.message);
  return outcome;
}

async function refusalOf(outcome: Promise<Outcome<object>>) {
  const settled = await outcome;
  if (settled.ok) assert.fail("Expected a refusal.");
  return settled.refusal;
}

function open(): Registry {
  return createRegistry(openMemoryStore().documents);
}

test("a first registration creates the workflow, a further version is added, equal content changes nothing", async () => {
  const registry = open();
  const first = await registered(registry, text("a", "1.0.0"));
  assert.equal(first.change, "created");
  assert.equal(first.record.isActive, true);
  assert.equal(first.record.id, workflowIdOf(WORKSPACE, "a"));
  assert.equal((await registered(registry, text("a", "1.1.0", "hi"))).change, "version_created");
  const again = await registered(registry, text("a", "1.0.0"));
  assert.equal(again.change, "unchanged");
  assert.equal(again.record.isActive, false, "The newer version stays active.");
});

test("spelling and order do not make content different", async () => {
  const registry = open();
  await registered(registry, text("a", "1.0.0"));
  const other = text("a", "v1.0.0")
    .replace("workflow.magic-flow.io/v2", "magicflow.io/v2")
    .replace("greeting: hello", 'greeting: "hello"');
  assert.equal((await registered(registry, `# a comment\n${other}`)).change, "unchanged");
});

test("other content under a version that exists is refused with the next free version", async () => {
  const registry = open();
  await registered(registry, text("a", "1.0.0"));
  await registered(registry, text("a", "1.0.1", "hi"));
  const refusal = await refusalOf(register(registry, text("a", "1.0.0", "changed")));
  assert.equal(refusal.code, "VERSION_EXISTS");
  assert.match(refusal.message, /1\.0\.2/);
});

test("without a version the first is 1.0.0, the next is the next patch, and equal content is no new version", async () => {
  const registry = open();
  assert.equal((await registered(registry, text("a", null))).record.version, "1.0.0");
  assert.equal((await registered(registry, text("a", null))).change, "unchanged");
  assert.equal((await registered(registry, text("a", null, "hi"))).record.version, "1.0.1");
  assert.equal((await registered(registry, text("a", null))).record.version, "1.0.2", "Equal to an older one only.");
  assert.equal(
    (await registered(registry, text("a", "1.0.2"))).change,
    "unchanged",
    "Saying the version changes nothing.",
  );
});

test("many who register at once all get a version of their own", async () => {
  const registry = open();
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, i) => registered(registry, text("a", null, `g${i}`))),
  );
  const versions = outcomes.map(({ record }) => record.version).toSorted(compareVersions);
  assert.deepEqual(
    versions,
    Array.from({ length: 8 }, (_, i) => `1.0.${i}`),
  );
});

test("an archived workflow is still there for its executions, and registering it brings it back", async () => {
  const registry = open();
  await registered(registry, text("a", "1.0.0"));
  assert.deepEqual(await registry.archive({ workspace: WORKSPACE, workflow: "a", ifMatch: null, now: 2000 }), {
    ok: true,
  });
  const compiled = await registry.compiled({ workspace: WORKSPACE, workflow: "a", version: null });
  assert.ok(compiled.ok && compiled.status === "archived");
  assert.equal((await registered(registry, text("a", "1.0.0"))).record.status, "active");
});

test("an ETag that is no longer true refuses the change", async () => {
  const registry = open();
  const { record } = await registered(registry, text("a", "1.0.0"));
  assert.ok((await register(registry, text("a", "1.1.0", "hi"), { ifMatch: record.etag })).ok);
  const refusal = await refusalOf(register(registry, text("a", "1.2.0", "hey"), { ifMatch: record.etag }));
  assert.equal(refusal.code, "REVISION_CONFLICT");
  const archived = registry.archive({ workspace: WORKSPACE, workflow: "a", ifMatch: record.etag, now: 1 });
  assert.equal((await refusalOf(archived)).code, "REVISION_CONFLICT");
  assert.equal((await refusalOf(register(registry, text("b", "1.0.0"), { ifMatch: "*" }))).code, "REVISION_CONFLICT");
});

test("a dry run says what would happen and changes nothing", async () => {
  const registry = open();
  const outcome = await register(registry, text("a", null), { dryRun: true });
  assert.ok(outcome.ok && outcome.change === "created");
  assert.equal(await registry.read({ workspace: WORKSPACE, workflow: "a", version: null }), null);
});

test("a text with errors is refused with the place of each", async () => {
  const refusal = await refusalOf(register(open(), text("a", "1.0.0").replace("type: set", "typ: set")));
  assert.equal(refusal.code, "DEFINITION_INVALID");
  assert.ok(
    refusal.errors?.every(({ line, column, code }) => line !== undefined && column !== undefined && code !== undefined),
  );
  assert.match(refusal.errors?.[0]?.pointer ?? "", /^\/spec\/steps\/0/);
});

test("a text without a workflow, or with two, is refused", async () => {
  assert.equal((await refusalOf(register(open(), ""))).code, "DEFINITION_INVALID");
  const two = `${text("a", "1.0.0")}---\n${text("b", "1.0.0")}`;
  assert.match((await refusalOf(register(open(), two))).message, /there are 2/);
});

test("a text of another workflow than the named one is refused", async () => {
  const registry = open();
  await registered(registry, text("a", "1.0.0"));
  const refusal = await refusalOf(register(registry, text("b", "1.0.0"), { name: "a" }));
  assert.equal(refusal.code, "BAD_REQUEST");
  assert.ok(
    (await register(registry, text("a", "2.0.0"), { name: workflowIdOf(WORKSPACE, "a") })).ok,
    "The id names it too.",
  );
});

test("workflows are found by name and by id, in their own workspace only", async () => {
  const registry = open();
  await registered(registry, text("a", "1.0.0"));
  for (const workflow of ["a", workflowIdOf(WORKSPACE, "a")]) {
    assert.equal((await registry.read({ workspace: WORKSPACE, workflow, version: null }))?.name, "a");
    assert.equal(
      (await registry.read({ workspace: WORKSPACE, workflow, version: "v1.0.0" }))?.text,
      text("a", "1.0.0"),
    );
    assert.equal(await registry.read({ workspace: "other", workflow, version: null }), null);
  }
  assert.equal(await registry.read({ workspace: WORKSPACE, workflow: "a", version: "9.9.9" }), null);
  assert.equal(
    (await refusalOf(registry.compiled({ workspace: "other", workflow: "a", version: null }))).code,
    "WORKFLOW_NOT_FOUND",
  );
  assert.equal(
    (await refusalOf(registry.compiled({ workspace: WORKSPACE, workflow: "a", version: "2.0.0" }))).code,
    "VERSION_NOT_FOUND",
  );
});

test("what is compiled carries the version that the registry chose, and is kept", async () => {
  const registry = open();
  await registered(registry, text("a", null));
  await registered(registry, text("a", null, "hi"));
  const request = { workspace: WORKSPACE, workflow: "a", version: null };
  const compiled = await registry.compiled(request);
  assert.ok(compiled.ok);
  assert.equal(compiled.definition.version, "1.0.1");
  assert.equal(registry.cached(request), compiled.definition);
  registry.forget({ workspace: WORKSPACE, name: "a" });
  assert.equal(registry.cached(request), null);
});

test("a definition that was dropped from memory is made again from its text", async () => {
  const { documents } = openMemoryStore();
  await registered(createRegistry(documents), text("a", "1.0.0"));
  const compiled = await createRegistry(documents).compiled({ workspace: WORKSPACE, workflow: "a", version: "1.0.0" });
  assert.ok(compiled.ok);
  assert.equal(compiled.definition.steps[0]?.name, "greet");
});

test("lists are paged by name, and show archived ones only to those who ask", async () => {
  const registry = open();
  for (const name of ["c", "a", "b", "d"]) await registered(registry, text(name, "1.0.0"));
  await registry.archive({ workspace: WORKSPACE, workflow: "b", ifMatch: null, now: 1 });
  const list = (more: object) =>
    registry.list({
      workspace: WORKSPACE,
      text: null,
      tag: null,
      includeArchived: false,
      limit: 2,
      cursor: null,
      ...more,
    });
  const first = await list({});
  assert.deepEqual(
    first.items.map(({ name }) => name),
    ["a", "c"],
  );
  const second = await list({ cursor: first.nextCursor });
  assert.deepEqual(
    second.items.map(({ name }) => name),
    ["d"],
  );
  assert.equal(second.nextCursor, null);
  assert.deepEqual(
    (await list({ includeArchived: true, limit: 10 })).items.map(({ name }) => name),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual(
    (await list({ text: "C" })).items.map(({ name }) => name),
    ["c"],
  );
  await assert.rejects(list({ cursor: "nonsense" }), { kind: "cursor" });
});

test("versions are listed with the newest first", async () => {
  const registry = open();
  for (const version of ["1.0.0", "1.10.0", "1.9.0"]) await registered(registry, text("a", version, `v${version}`));
  const versions = await registry.listVersions({ workspace: WORKSPACE, workflow: "a" });
  assert.deepEqual(
    versions?.map(({ version }) => version),
    ["1.10.0", "1.9.0", "1.0.0"],
  );
  assert.deepEqual(
    versions?.filter(({ isActive }) => isActive).map(({ version }) => version),
    ["1.9.0"],
  );
  assert.equal(await registry.listVersions({ workspace: WORKSPACE, workflow: "x" }), null);
});

test("versions are ordered by precedence", () => {
  const sorted = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0",
    "1.0.10",
  ];
  assert.deepEqual(sorted.toReversed().toSorted(compareVersions), sorted);
  assert.equal(nextPatch("1.2.3"), "1.2.4");
  assert.equal(nextPatch("1.2.3-dev.1"), "1.2.3");
  assert.equal(nextFree("1.2.3-dev.4", new Set(["1.2.3-dev.5"])), "1.2.3-dev.6");
});

test("what was read before a change is not remembered after it", async () => {
  const { documents } = openMemoryStore();
  const held: (() => void)[] = [];
  let isHeld = false;
  const registry = createRegistry({
    ...documents,
    async get(place) {
      const document = await documents.get(place);
      if (isHeld && place.collection === "workflows") await new Promise<void>((resolve) => held.push(resolve));
      return document;
    },
  });
  await registered(registry, text("a", "1.0.0"));
  const request = { workspace: WORKSPACE, workflow: "a", version: null };
  isHeld = true;
  const early = registry.compiled(request);
  await new Promise((resolve) => setImmediate(resolve));
  isHeld = false;
  await registered(registry, text("a", "2.0.0", "hi"));
  for (const go of held) go();
  assert.ok((await early).ok);
  const later = await registry.compiled(request);
  assert.equal(later.ok && later.definition.version, "2.0.0");
});

test("a change of which nobody knows whether it was made is seen once it is asked for again", async () => {
  const { documents } = openMemoryStore();
  let isLost = false;
  const registry = createRegistry({
    ...documents,
    async put(writes) {
      const revisions = await documents.put(writes);
      if (isLost) throw new StoreError("unknown", "The connection was lost.");
      return revisions;
    },
  });
  await registered(registry, text("a", "1.0.0"));
  const request = { workspace: WORKSPACE, workflow: "a", version: null };
  const activeVersion = async () => {
    const found = await registry.compiled(request);
    return found.ok && found.definition.version;
  };
  assert.equal(await activeVersion(), "1.0.0");
  isLost = true;
  await assert.rejects(register(registry, text("a", "2.0.0", "hi")), { kind: "unknown" });
  assert.equal(await activeVersion(), "2.0.0");
  isLost = false;
  assert.equal((await registered(registry, text("a", "2.0.0", "hi"))).change, "unchanged");
});
