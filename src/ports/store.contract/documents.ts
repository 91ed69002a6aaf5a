/** Versioned documents: compare-and-set, several writes as one, lists. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Json } from "../../core/base/json.ts";
import type { Document, DocumentQuery, DocumentWrite, Store } from "../store.ts";

export function documentsContract(open: () => Promise<Store>): void {
  test("a document is written, read, changed and deleted under its revision", async () => {
    await using store = await open();
    const place = { collection: "workflows", workspace: "default", id: "order" };
    assert.equal(await store.documents.get(place), null);
    assert.deepEqual(await store.documents.put([writeOf("order", null, { text: "one" })]), [1]);
    assert.deepEqual(await store.documents.get(place), { ...place, revision: 1, body: { text: "one" }, group: null });
    assert.deepEqual(await store.documents.put([writeOf("order", 1, { text: "two" }, "g")]), [2]);
    assert.deepEqual(await store.documents.get(place), { ...place, revision: 2, body: { text: "two" }, group: "g" });
    assert.deepEqual(await store.documents.put([writeOf("order", 2, null)]), [0]);
    assert.equal(await store.documents.get(place), null);
    assert.deepEqual(await store.documents.put([writeOf("order", null, "again")]), [1]);
  });

  test("a write that expects another revision changes nothing", async () => {
    await using store = await open();
    assert.equal(await store.documents.put([writeOf("a", 1, "x")]), null);
    assert.equal(await store.documents.put([writeOf("a", 1, null)]), null);
    await store.documents.put([writeOf("a", null, "first")]);
    for (const expected of [null, 0, 2]) {
      assert.equal(await store.documents.put([writeOf("a", expected, "lost")]), null);
      assert.equal(await store.documents.put([writeOf("a", expected, null)]), null);
    }
    assert.equal((await getOf(store, "a"))?.body, "first");
  });

  test("of two writers that expect the same revision, one wins", async () => {
    await using store = await open();
    const answers = await Promise.all(["x", "y", "z"].map((body) => store.documents.put([writeOf("a", null, body)])));
    assert.equal(answers.filter((answer) => answer !== null).length, 1);
  });

  test("several writes are one: all or none", async () => {
    await using store = await open();
    await store.documents.put([writeOf("a", null, 1), writeOf("b", null, 2)]);
    assert.equal(await store.documents.put([writeOf("a", 1, 10), writeOf("c", null, 3), writeOf("b", 9, 20)]), null);
    assert.deepEqual(
      [(await getOf(store, "a"))?.body, (await getOf(store, "b"))?.body, await getOf(store, "c")],
      [1, 2, null],
    );
    assert.deepEqual(
      await store.documents.put([writeOf("a", 1, 10), writeOf("b", 1, null), writeOf("c", null, 3)]),
      [2, 0, 1],
    );
    assert.deepEqual(
      [(await getOf(store, "a"))?.body, await getOf(store, "b"), (await getOf(store, "c"))?.body],
      [10, null, 3],
    );
    assert.deepEqual(await store.documents.put([writeOf("a", 2, 11), writeOf("a", 3, 12)]), [3, 4]);
    assert.deepEqual(await store.documents.put([]), []);
  });

  test("every JSON value is kept as it is", async () => {
    await using store = await open();
    const bodies: readonly Json[] = [
      true,
      false,
      0,
      -1.5,
      1e300,
      "",
      "text",
      [],
      {},
      [null, { a: [{}] }],
      { constructor: { prototype: 1 }, 2: "b", 1: "a" },
    ];
    for (const [index, body] of bodies.entries()) {
      await store.documents.put([writeOf(`d${index}`, null, body)]);
      assert.deepEqual((await getOf(store, `d${index}`))?.body, body);
    }
  });

  test("lists are ordered by id and continue after an id", async () => {
    await using store = await open();
    await store.documents.put(["b", "d", "a", "c", "e"].map((id) => writeOf(id, null, id)));
    assert.deepEqual(await idsOf(store, {}), ["a", "b", "c", "d", "e"]);
    assert.deepEqual(await idsOf(store, { limit: 2 }), ["a", "b"]);
    assert.deepEqual(await idsOf(store, { afterId: "b", limit: 2 }), ["c", "d"]);
    assert.deepEqual(await idsOf(store, { afterId: "bb" }), ["c", "d", "e"]);
    assert.deepEqual(await idsOf(store, { afterId: "e" }), []);
  });

  test("lists can be of one group, and of ids that contain a text", async () => {
    await using store = await open();
    await store.documents.put([
      writeOf("order@1", null, 1, "order"),
      writeOf("order@2", null, 2, "order"),
      writeOf("reORDER@1", null, 3, "reorder"),
      writeOf("100%_x", null, 4),
    ]);
    assert.deepEqual(await idsOf(store, { group: "order" }), ["order@1", "order@2"]);
    assert.deepEqual(await idsOf(store, { group: "order", afterId: "order@1" }), ["order@2"]);
    assert.deepEqual(await idsOf(store, { group: "nothing" }), []);
    assert.deepEqual(await idsOf(store, { idContains: "Order" }), ["order@1", "order@2", "reORDER@1"]);
    assert.deepEqual(await idsOf(store, { idContains: "order", group: "reorder" }), ["reORDER@1"]);
    assert.deepEqual(await idsOf(store, { idContains: "order", limit: 1, afterId: "order@1" }), ["order@2"]);
    assert.deepEqual(await idsOf(store, { idContains: "%_" }), ["100%_x"]);
    assert.deepEqual(await idsOf(store, { idContains: "_%" }), []);
    await store.documents.put([writeOf("order@1", 1, 1, "moved")]);
    assert.deepEqual(await idsOf(store, { group: "order" }), ["order@2"]);
  });

  test("collections and workspaces do not see one another", async () => {
    await using store = await open();
    const places = [
      { collection: "workflows", workspace: "default", id: "a" },
      { collection: "workflows", workspace: "other", id: "a" },
      { collection: "executors", workspace: "default", id: "a" },
    ];
    for (const [index, place] of places.entries()) {
      assert.deepEqual(await store.documents.put([{ ...place, expected: null, body: index, group: "g" }]), [1]);
    }
    for (const [index, place] of places.entries()) {
      assert.equal((await store.documents.get(place))?.body, index);
      const listed = await store.documents.list({
        collection: place.collection,
        workspace: place.workspace,
        group: "g",
        limit: 9,
      });
      assert.deepEqual(
        listed.map((document) => document.body),
        [index],
      );
    }
  });
}

function writeOf(
  id: string,
  expected: number | null,
  body: DocumentWrite["body"],
  group: string | null = null,
): DocumentWrite {
  return { collection: "workflows", workspace: "default", id, expected, body, group };
}

function getOf(store: Store, id: string): Promise<Document | null> {
  return store.documents.get({ collection: "workflows", workspace: "default", id });
}

async function idsOf(store: Store, query: Partial<DocumentQuery>): Promise<readonly string[]> {
  const documents = await store.documents.list({ collection: "workflows", workspace: "default", limit: 100, ...query });
  return documents.map((document) => document.id);
}
