/** Lists and counts: every filter against a plain walk over the same rows, and cursors under writes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { equals, type Json, type JsonObject, member } from "../../core/base/json.ts";
import { createRandom } from "../../core/base/random.ts";
import type { ExecutionQuery, ExecutionRow, Store } from "../store.ts";
import { NOON, rejectsAs, rowOf, startOf, writerOf } from "./samples.ts";

const STATUSES = ["queued", "running", "paused", "completed", "failed", "cancelled", "timed_out"] as const;

/** One of each kind of filter; the tests take them alone and two by two. */
const FILTERS: readonly Partial<ExecutionQuery>[] = [
  {},
  { workflow: "billing" },
  { version: "2.0.0" },
  { statuses: ["failed"] },
  { statuses: ["completed"] },
  { statuses: ["failed", "running", "timed_out"] },
  { statuses: [] },
  { tag: "vip" },
  { parentId: "parent-1" },
  { errorCode: "TIMEOUT" },
  { createdFrom: NOON + 20 },
  { createdBefore: NOON + 30 },
  { metadata: { region: "eu" } },
  { metadata: { region: "eu", amount: 2 } },
  { metadata: { nested: { b: [1, null], a: 1 } } },
  { metadata: { nothing: null } },
  { metadata: {} },
  { text: "X-1" },
  { text: "äRGER" },
  { text: "illi" },
  { text: "EU" },
  { text: "%" },
  { text: "" },
  { quarantined: true },
  { quarantined: false },
  { deadLetter: true },
  { deadLetter: false },
  { workflow: "nothing-like-it" },
];

export function findContract(open: () => Promise<Store>): void {
  test("every filter, alone and with every other, finds what a walk over all rows finds", async () => {
    await using store = await open();
    const rows = await fill(store);
    for (const [index, filter] of FILTERS.entries()) {
      for (const other of FILTERS.slice(index)) {
        for (const oldestFirst of [false, true]) {
          const query = { workspace: "default", ...filter, ...other, oldestFirst, limit: 1000 };
          assert.deepEqual(await findAll(store, query), walk(rows, query), `of ${JSON.stringify(query)}`);
        }
      }
    }
  });

  test("three filters and more find what a walk over all rows finds", async () => {
    await using store = await open();
    const rows = await fill(store);
    const random = createRandom("filters");
    for (let i = 0; i < 200; i++) {
      const picked = Array.from(
        { length: 3 + Math.floor(random() * 4) },
        () => FILTERS[Math.floor(random() * FILTERS.length)],
      );
      const query = Object.assign(
        { workspace: "default", limit: 1 + Math.floor(random() * 20), oldestFirst: random() < 0.5 },
        ...picked,
      );
      assert.deepEqual(await findAll(store, query), walk(rows, query), `of ${JSON.stringify(query)}`);
    }
  });

  test("pages of every size join to the whole list", async () => {
    await using store = await open();
    const rows = await fill(store);
    for (const filter of [
      {},
      { statuses: ["failed", "running"] as const },
      { tag: "vip" },
      { text: "x-1" },
      { metadata: { region: "eu" } },
    ]) {
      for (const limit of [1, 7, 50, 1000]) {
        for (const oldestFirst of [false, true]) {
          const query = { workspace: "default", ...filter, oldestFirst, limit };
          assert.deepEqual(await findAll(store, query), walk(rows, query), `of ${JSON.stringify(query)}`);
        }
      }
    }
  });

  test("a page has no more rows than its limit, and the last one no cursor", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({ executions: ["a", "b", "c", "d"].map((id) => startOf(id)) });
    const first = await store.findExecutions({ workspace: "default", limit: 3 });
    assert.deepEqual(
      first.rows.map((row) => row.id),
      ["d", "c", "b"],
    );
    assert.notEqual(first.nextCursor, null);
    const second = await store.findExecutions({ workspace: "default", limit: 3, cursor: first.nextCursor ?? "" });
    assert.deepEqual(second, { rows: [rowOf("a")], nextCursor: null });
    const whole = await store.findExecutions({ workspace: "default", limit: 4 });
    assert.deepEqual([whole.rows.length, whole.nextCursor], [4, null]);
  });

  test("a cursor neither repeats nor skips a row while others are inserted and updated", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const ids = Array.from({ length: 30 }, (_, i) => `stable-${String(i).padStart(2, "0")}`);
    await write({ executions: ids.map((id, i) => startOf(id, { createdAt: NOON + Math.floor(i / 3) })) });
    for (const oldestFirst of [true, false]) {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; cursor !== null; page++) {
        const found = await store.findExecutions({
          workspace: "default",
          workflow: "order",
          limit: 4,
          oldestFirst,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...found.rows.map((row) => row.id));
        cursor = found.nextCursor;
        const side = `${oldestFirst}-${page}`;
        await write({
          executions: [
            startOf(`before-${side}`, { createdAt: NOON - 1 }),
            startOf(`after-${side}`, { createdAt: NOON + 1000 }),
            startOf(`between-${side}`, { createdAt: NOON + 5 }),
            ...ids.map((id, i) => ({
              executionId: id,
              events: null,
              row: rowOf(id, { createdAt: NOON + Math.floor(i / 3), status: "paused", priority: page % 10 }),
            })),
          ],
        });
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(
        seen.filter((id) => id.startsWith("stable-")),
        oldestFirst ? ids : ids.toReversed(),
      );
    }
  });

  test("a cursor that is not ours, or of the other direction, is refused", async () => {
    await using store = await open();
    await (await writerOf(store))({ executions: ["a", "b", "c"].map((id) => startOf(id)) });
    const { nextCursor } = await store.findExecutions({ workspace: "default", limit: 1 });
    const wrong = [
      "",
      "x",
      "0",
      "null",
      "%%%",
      "W10",
      btoa("[1,2]"),
      btoa('{"id":"a"}'),
      `${nextCursor}x`,
      (nextCursor ?? "").slice(1),
      "\u0000",
      "😀",
    ];
    for (const cursor of wrong)
      await rejectsAs("cursor", store.findExecutions({ workspace: "default", limit: 1, cursor }));
    await rejectsAs(
      "cursor",
      store.findExecutions({ workspace: "default", limit: 1, oldestFirst: true, cursor: nextCursor ?? "" }),
    );
  });

  test("no query of one workspace sees another", async () => {
    await using store = await open();
    const shown = {
      tags: ["vip"],
      metadata: { region: "eu" },
      parentId: "parent-1",
      errorCode: "TIMEOUT",
      status: "failed",
      quarantine: "broken",
      deadLetter: true,
    } as const;
    await (await writerOf(store))({
      executions: [startOf("mine", { ...shown }), startOf("theirs", { ...shown, workspace: "other" })],
    });
    for (const filter of FILTERS) {
      for (const row of await findAll(store, { workspace: "other", limit: 10, ...filter }))
        assert.equal(row.id, "theirs");
    }
    const page = await store.findExecutions({ workspace: "default", limit: 1, oldestFirst: true });
    assert.deepEqual(
      page.rows.map((row) => row.id),
      ["mine"],
    );
    assert.deepEqual(await store.countExecutions({ workspace: "other", workflow: null }), { failed: 1 });
    assert.deepEqual(await store.countExecutions({ workspace: "third", workflow: null }), {});
  });

  test("what a row says last is what finds it", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({
      executions: [startOf("a", { tags: ["old", "both"], metadata: { k: "old", same: 1 }, errorCode: "OLD" })],
    });
    await write({
      executions: [
        {
          executionId: "a",
          events: null,
          row: rowOf("a", {
            tags: ["both", "new"],
            metadata: { k: "new", same: 1 },
            errorCode: "NEW",
            status: "failed",
            deadLetter: true,
          }),
        },
      ],
    });
    const isFound = async (filter: Partial<ExecutionQuery>) =>
      (await findAll(store, { workspace: "default", limit: 5, ...filter })).length === 1;
    for (const filter of [
      { tag: "both" },
      { tag: "new" },
      { metadata: { k: "new" } },
      { metadata: { same: 1 } },
      { errorCode: "NEW" },
      { statuses: ["failed"] as const },
      { deadLetter: true },
    ]) {
      assert.ok(await isFound(filter), JSON.stringify(filter));
    }
    for (const filter of [
      { tag: "old" },
      { metadata: { k: "old" } },
      { errorCode: "OLD" },
      { statuses: ["running"] as const },
      { deadLetter: false },
    ]) {
      assert.ok(!(await isFound(filter)), JSON.stringify(filter));
    }
  });

  test("counts follow every change of status and workflow", async () => {
    await using store = await open();
    const write = await writerOf(store);
    await write({
      executions: [
        startOf("a"),
        startOf("b"),
        startOf("c", { workflow: "billing", status: "queued" }),
        startOf("d", { workspace: "other" }),
      ],
    });
    const count = (workflow: string | null) => store.countExecutions({ workspace: "default", workflow });
    assert.deepEqual(await count(null), { running: 2, queued: 1 });
    assert.deepEqual(await count("order"), { running: 2 });
    assert.deepEqual(await count("billing"), { queued: 1 });
    assert.deepEqual(await count("unknown"), {});
    await write({
      executions: [
        { executionId: "a", events: null, row: rowOf("a", { status: "completed" }) },
        { executionId: "b", events: null, row: rowOf("b", { priority: 1 }) },
        { executionId: "c", events: null, row: rowOf("c", { workflow: "order", status: "running" }) },
      ],
    });
    assert.deepEqual(await count(null), { running: 2, completed: 1 });
    assert.deepEqual(await count("order"), { running: 2, completed: 1 });
    assert.deepEqual(await count("billing"), {});
    assert.equal((await store.measure()).executions, 4);
  });
}

/** Three hundred rows of every kind, some of the same millisecond, and as many in another workspace. */
async function fill(store: Store): Promise<readonly ExecutionRow[]> {
  const random = createRandom("rows");
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const rows = Array.from({ length: 300 }, (_, i) =>
    rowOf(`${pick("x", "X", "y")}-${i}`, {
      workspace: pick("default", "default", "other"),
      workflow: pick("order", "billing", "Illiad"),
      version: pick("1.0.0", "2.0.0"),
      status: pick(...STATUSES),
      createdAt: NOON + Math.floor(random() * 50),
      tags: pick<readonly string[]>([], ["vip"], ["vip", "eu"], ["eu", "VIP"]),
      metadata: pick<ExecutionRow["metadata"]>(
        {},
        { region: "eu", amount: 2 },
        { region: "eu", amount: "2" },
        { region: "EU" },
        { region: ["eu"] },
        { nested: { a: 1, b: [1, null] } },
        { nothing: null, note: "100% Ärger" },
      ),
      parentId: pick(null, null, "parent-1", "parent-2"),
      errorCode: pick(null, null, "TIMEOUT", "HTTP_500"),
      errorMessage: pick(null, "großer ärger", "illicit"),
      quarantine: pick(null, null, null, "It could not be decided."),
      deadLetter: pick(false, false, false, true),
      replays: pick(0, 1, 7),
      dropped: pick(null, { at: NOON + 9, by: "ärger@example.com" }),
    }),
  );
  await (await writerOf(store))({ executions: rows.map((row) => ({ ...startOf(row.id), row })) });
  return rows;
}

async function findAll(store: Store, query: ExecutionQuery): Promise<readonly ExecutionRow[]> {
  const rows: ExecutionRow[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.findExecutions(cursor === null ? query : { ...query, cursor });
    assert.ok(page.rows.length <= query.limit);
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

function walk(rows: readonly ExecutionRow[], query: ExecutionQuery): readonly ExecutionRow[] {
  const found = rows
    .filter((row) => isAsked(row, query))
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return query.oldestFirst ? found : found.toReversed();
}

function isAsked(row: ExecutionRow, query: ExecutionQuery): boolean {
  return (
    row.workspace === query.workspace &&
    (query.workflow === undefined || row.workflow === query.workflow) &&
    (query.version === undefined || row.version === query.version) &&
    (query.statuses === undefined || query.statuses.includes(row.status)) &&
    (query.tag === undefined || row.tags.includes(query.tag)) &&
    (query.parentId === undefined || row.parentId === query.parentId) &&
    (query.errorCode === undefined || row.errorCode === query.errorCode) &&
    (query.createdFrom === undefined || row.createdAt >= query.createdFrom) &&
    (query.createdBefore === undefined || row.createdAt < query.createdBefore) &&
    (query.quarantined === undefined || (row.quarantine !== null) === query.quarantined) &&
    (query.deadLetter === undefined || row.deadLetter === query.deadLetter) &&
    Object.entries(query.metadata ?? {}).every(([name, value]) => hasEqual(row.metadata, name, value)) &&
    (query.text === undefined ||
      textsOf(row).some((text) => text.toLowerCase().includes((query.text ?? "").toLowerCase())))
  );
}

function hasEqual(metadata: JsonObject, name: string, value: Json): boolean {
  const found = member(metadata, name);
  return found !== undefined && equals(found, value);
}

function textsOf(row: ExecutionRow): readonly string[] {
  return [row.id, row.workflow, row.errorMessage ?? "", ...leavesOf(row.metadata)];
}

function leavesOf(value: Json): readonly string[] {
  if (value === null) return [];
  if (typeof value !== "object") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...leavesOf(inner)]);
}
