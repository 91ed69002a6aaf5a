/**
 * Text that breaks what is careless: quotes, NUL, wildcards, other planes. It comes back as it was and finds its rows. A
 * half of a surrogate pair has no form in UTF-8: it comes back as itself or as U+FFFD, and finds its rows either way.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Json } from "../../core/base/json.ts";
import type { Store } from "../store.ts";
import { eventsOf, NOON, readAll, rowOf, writerOf } from "./samples.ts";

const TEXTS = [
  `it's "quoted"`,
  "'; drop table execution; --",
  "a\u0000b",
  "\u0000",
  "line\r\nbreak\ttab\u001b[31m",
  "😀 👩‍👩‍👧‍👦 \u{10ffff}",
  "ÄÖÜ ß İ ﬁ 日本",
  "\\u0000 \\ \\\\ %_",
  "__proto__",
  "constructor",
  "\ufeffbom\u2028\u2029",
  "lone \ud800 high",
  "\udfff lone low",
  "",
  "long ".repeat(20_000),
];

export function hostileTextContract(open: () => Promise<Store>): void {
  test("rows come back with every text, and are found by it", async () => {
    await using store = await open();
    const write = await writerOf(store);
    for (const [index, text] of TEXTS.entries()) {
      const id = `hostile-${index}`;
      const metadata = JSON.parse(`{${JSON.stringify(text)}: ${JSON.stringify(text)}}`);
      const row = rowOf(id, {
        workflow: text,
        version: text,
        tags: [text, "x"],
        metadata,
        errorCode: text,
        errorMessage: text,
        parentId: text,
        quarantine: text,
      });
      await write({
        executions: [{ executionId: id, events: { ...eventsOf(1), text: JSON.stringify({ data: text }) }, row }],
      });
      assertSame(await store.readExecution(id), row);
      assert.equal((await readAll(store, id))[0]?.text, JSON.stringify({ data: text }));
      const filters = [
        { workflow: text },
        { version: text },
        { tag: text },
        { metadata },
        { errorCode: text },
        { parentId: text },
        { text },
      ];
      for (const filter of filters) {
        const found = await store.findExecutions({ workspace: "default", limit: 100, ...filter });
        assert.ok(
          found.rows.some((other) => other.id === id),
          `${Object.keys(filter)[0]} of text ${index}`,
        );
      }
    }
  });

  test("ids and workspaces may be any text and stay apart", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const texts = TEXTS.filter((text) => text.isWellFormed());
    for (const text of texts) {
      await write({
        executions: [{ executionId: text, events: eventsOf(1), row: rowOf(text, { workspace: text }) }],
        addKeys: [{ workspace: text, key: text, executionId: text, bodyHash: text, createdAt: NOON }],
        addOutbox: [{ id: text, shard: 0, body: { text } }],
        addWaits: [{ executionId: text, path: text, workspace: text, event: text, correlation: text }],
        addEvents: [{ workspace: text, id: text, event: text, correlationKey: text, data: text, at: NOON }],
        addTasks: [
          {
            taskId: text,
            executionId: text,
            workspace: text,
            executor: text,
            function: text,
            priority: 5,
            createdAt: NOON,
          },
        ],
      });
    }
    for (const text of texts) {
      assert.equal((await store.readExecution(text))?.workspace, text);
      assert.deepEqual(await store.countExecutions({ workspace: text, workflow: null }), { running: 1 });
      const page = await store.findExecutions({ workspace: text, limit: 9 });
      assert.deepEqual(
        page.rows.map((row) => row.id),
        [text],
      );
      assert.equal((await store.findKey({ workspace: text, key: text }))?.bodyHash, text);
      assert.equal((await store.findWaits({ workspace: text, event: text, correlationKey: text })).length, 1);
      assert.equal(
        (await store.findEvents({ workspace: text, event: text, correlationKey: text, since: 0 })).length,
        1,
      );
      assert.equal((await store.findTasks({ workspace: text, executor: text, functions: [text], limit: 9 })).length, 1);
    }
    assert.deepEqual(
      (await store.readOutbox(0)).map((row) => row.id),
      texts,
    );
    assert.equal((await store.findActive(0)).length, texts.length);
  });

  test("tags and names that UTF-8 cannot tell apart do not stop a write", async () => {
    await using store = await open();
    const write = await writerOf(store);
    const row = rowOf("a", { tags: ["\ud800", "\udbff", "\ufffd"], metadata: { "\ud800": 1, "\udbff": 2 } });
    await write({ executions: [{ executionId: "a", events: eventsOf(1), row }] });
    await write({ executions: [{ executionId: "a", events: null, row: rowOf("a", { tags: ["\udc00"] }) }] });
    assert.equal((await store.findExecutions({ workspace: "default", tag: "\udc00", limit: 9 })).rows.length, 1);
  });

  test("documents keep every text", async () => {
    await using store = await open();
    for (const text of TEXTS) {
      const body = JSON.parse(`{${JSON.stringify(text)}: [${JSON.stringify(text)}]}`) as Json;
      const place = { collection: text, workspace: text, id: text };
      assert.deepEqual(await store.documents.put([{ ...place, expected: null, body, group: text }]), [1]);
      assertSame((await store.documents.get(place))?.body, body);
      const listed = await store.documents.list({
        collection: text,
        workspace: text,
        group: text,
        idContains: text,
        limit: 9,
      });
      assert.equal(listed.length, 1);
    }
  });

  test("a cursor holds any id", async () => {
    await using store = await open();
    const texts = TEXTS.filter((text) => text.isWellFormed());
    await (await writerOf(store))({
      executions: texts.map((text) => ({ executionId: text, events: eventsOf(1), row: rowOf(text) })),
    });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.findExecutions({
        workspace: "default",
        limit: 1,
        ...(cursor === null ? {} : { cursor }),
      });
      seen.push(...page.rows.map((row) => row.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(seen.toSorted(), texts.toSorted());
  });
}

function assertSame(actual: unknown, expected: unknown): void {
  assert.deepEqual(wellFormed(actual), wellFormed(expected));
}

/** The value with each lone surrogate, in names too, replaced as UTF-8 replaces it. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([name, inner]) => [name.toWellFormed(), wellFormed(inner)]);
}
