import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Instant } from "../base/time.ts";
import { openRecord, type Record } from "./record.test.ts";
import { LEVEL_MS, type Slots, type SlotsAnswer, type SlotsCommand, slotsKind } from "./slots.ts";

const NOW = Date.UTC(2027, 0, 1);

type Rig = Record<Slots, SlotsCommand, SlotsAnswer>;

function openSlots(): Rig {
  return openRecord(slotsKind("k"));
}

interface Ask {
  readonly limit?: number;
  readonly priority?: number;
  readonly since?: Instant;
  readonly turn?: number;
  readonly onLimit?: "queue" | "drop" | "cancel_oldest" | "reject";
}

function ask(rig: Rig, executionId: string, asked: Ask = {}): readonly string[] {
  const command = { limit: 1, priority: 5, since: NOW, turn: 1, onLimit: "queue", ...asked } as const;
  return said(rig, { kind: "Acquire", executionId, ...command });
}

function said(rig: Rig, command: SlotsCommand, now: Instant = NOW): readonly string[] {
  return rig.send(command, now).sends.map(({ executionId, command: { kind } }) => `${kind} ${executionId}`);
}

describe("the slots of a key", () => {
  test("are granted up to the limit, and then one for each that is given back", () => {
    const rig = openSlots();
    assert.deepEqual(ask(rig, "a"), ["Admit a"]);
    assert.deepEqual(ask(rig, "b"), []);
    assert.deepEqual(ask(rig, "c"), []);
    assert.deepEqual(said(rig, { kind: "Release", executionId: "a" }), ["Admit b"]);
    assert.deepEqual(said(rig, { kind: "Release", executionId: "c" }), []);
    assert.deepEqual(said(rig, { kind: "Release", executionId: "b" }), []);
    assert.ok(rig.isIdle());
    assert.equal(rig.rows.size, 0);
  });

  test("are given to who asks anew as if it had given the last one back", () => {
    const rig = openSlots();
    ask(rig, "a");
    ask(rig, "b");
    assert.deepEqual(ask(rig, "a", { turn: 1 }), [], "the same question was answered");
    assert.deepEqual(ask(rig, "a", { turn: 7, since: NOW + 1 }), ["Admit b"]);
    const { sends } = rig.send({ kind: "Release", executionId: "b" }, NOW);
    assert.deepEqual(sends, [{ executionId: "a", command: { kind: "Admit", key: "k", turn: 7 } }]);
  });

  test("go by priority, and a minute of waiting makes up for a level of it", () => {
    const rig = openSlots();
    ask(rig, "first");
    ask(rig, "low", { priority: 2, since: NOW });
    ask(rig, "just later", { priority: 4, since: NOW + 2 * LEVEL_MS - 1 });
    ask(rig, "later", { priority: 4, since: NOW + 2 * LEVEL_MS + 1 });
    ask(rig, "high", { priority: 9, since: NOW + LEVEL_MS });
    const order: string[] = [];
    for (let next = "first"; next !== ""; ) {
      const [grant = ""] = said(rig, { kind: "Release", executionId: next });
      next = grant.replace("Admit ", "");
      order.push(next);
    }
    assert.deepEqual(order, ["high", "just later", "low", "later", ""]);
  });

  test("are not waited for by who is dropped", () => {
    const rig = openSlots();
    ask(rig, "a", { onLimit: "drop" });
    assert.deepEqual(ask(rig, "b", { onLimit: "drop" }), ["Drop b"]);
    said(rig, { kind: "Release", executionId: "a" });
    assert.ok(rig.isIdle());
  });

  test("are made free by the oldest, and each of those is told once", () => {
    const rig = openSlots();
    ask(rig, "a", { limit: 2, onLimit: "cancel_oldest" });
    ask(rig, "b", { limit: 2, onLimit: "cancel_oldest" });
    assert.deepEqual(ask(rig, "c", { limit: 2, onLimit: "cancel_oldest" }), ["Cancel a"]);
    assert.deepEqual(ask(rig, "d", { limit: 2, onLimit: "cancel_oldest" }), ["Cancel b"]);
    assert.deepEqual(ask(rig, "e", { limit: 2, onLimit: "cancel_oldest" }), ["Cancel c"], "also those in line");
    assert.deepEqual(said(rig, { kind: "Release", executionId: "c" }), []);
    assert.deepEqual(said(rig, { kind: "Release", executionId: "a" }), ["Admit d"]);
  });

  test("are kept for a start on its way, for half a minute", () => {
    const rig = openSlots();
    const reserve = (executionId: string, now: Instant) =>
      rig.send({ kind: "Reserve", executionId, limit: 1 }, now).answer.isReserved;
    assert.ok(reserve("a", NOW));
    assert.ok(reserve("a", NOW), "the same start, sent twice");
    assert.ok(!reserve("b", NOW + 29_999));
    assert.ok(reserve("b", NOW + 30_000), "the first was lost");
    said(rig, { kind: "Unreserve", executionId: "b" });
    assert.ok(rig.isIdle());
    reserve("c", NOW);
    assert.equal(rig.dueAt(), NOW + 30_000);
    rig.send({ kind: "Tick" }, NOW + 30_000);
    assert.ok(rig.isIdle(), "and is no burden to memory if nobody asks again");
    reserve("d", NOW + 86_400_000);
    assert.ok(reserve("e", NOW), "nor does a clock that was a day ahead hold anybody up");
  });

  test("say who has them to a start that is refused", () => {
    const rig = openSlots();
    ask(rig, "a", { limit: 2 });
    ask(rig, "b", { limit: 2 });
    const { answer } = rig.send({ kind: "Reserve", executionId: "c", limit: 2 }, NOW);
    assert.deepEqual(answer, { isReserved: false, holders: ["a", "b"] });
  });
});

const id = fc.integer({ min: 0, max: 7 }).map((n) => `e${n}`);
const command: fc.Arbitrary<SlotsCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("Acquire" as const),
      executionId: id,
      turn: fc.integer({ min: 1, max: 3 }),
      limit: fc.integer({ min: 1, max: 3 }),
      onLimit: fc.constantFrom("queue" as const, "drop" as const, "cancel_oldest" as const, "reject" as const),
      priority: fc.integer({ min: 0, max: 9 }),
      since: fc.integer({ min: NOW, max: NOW + 600_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("Release" as const), executionId: id }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("Reserve" as const),
      executionId: id,
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("Unreserve" as const), executionId: id }) },
  { weight: 1, arbitrary: fc.constant({ kind: "Tick" as const }) },
);

describe("whatever is asked of the slots of a key", () => {
  test("a grant is never above the limit of who gets it, each goes to the first in line, and no place is left free", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const rig = openSlots();
        const limits = new Map<string, number>();
        let now = NOW;
        for (const each of commands) {
          now += 1000;
          if (each.kind === "Acquire" && !isKnown(rig.state, each)) limits.set(each.executionId, each.limit);
          const { sends } = rig.send(each, now);
          const grants = sends.filter((send) => send.command.kind === "Admit").map((send) => send.executionId);
          const { held, line, waiting } = rig.state;
          for (const [i, granted] of grants.entries()) {
            const heldThen = held.size - (grants.length - 1 - i);
            assert.ok(heldThen <= (limits.get(granted) ?? 0), "above the limit");
          }
          assert.equal(new Set(grants).size, grants.length);
          for (const granted of grants) assert.ok(held.has(granted) && !waiting.has(granted));
          const [next] = line;
          assert.ok(next === undefined || held.size >= next.limit, "the first in line waits beside a free slot");
          const ranks = line.map(({ since, priority }) => since - priority * LEVEL_MS);
          assert.deepEqual(
            ranks,
            ranks.toSorted((a, b) => a - b),
          );
          assert.equal(line.length, waiting.size);
        }
      }),
    );
  });

  test("everybody in line is granted in the end, and nothing is left over", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const rig = openSlots();
        for (const each of commands) rig.send(each, NOW);
        const waited = new Set(rig.state.waiting.keys());
        for (let round = 0; rig.state.held.size > 0; round++) {
          assert.ok(round < 100, "the line stands still");
          const [holder = ""] = rig.state.held.keys();
          for (const granted of said(rig, { kind: "Release", executionId: holder })) {
            waited.delete(granted.replace("Admit ", ""));
          }
        }
        assert.deepEqual([...waited], []);
        rig.send({ kind: "Tick" }, NOW + 60_000);
        assert.ok(rig.isIdle());
        assert.equal(rig.rows.size, 0);
      }),
    );
  });

  test("what is stored says the same as memory, reservations apart", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const rig = openSlots();
        for (const each of commands) rig.send(each, NOW);
        assert.deepEqual(plain(rig.restored()), plain(rig.state));
      }),
    );
  });
});

function isKnown({ held, waiting }: Slots, { executionId, turn }: Extract<SlotsCommand, { kind: "Acquire" }>): boolean {
  return (held.get(executionId) ?? waiting.get(executionId))?.turn === turn;
}

/** The count goes on from the highest that is stored: what matters is that it grows. */
function plain({ held, line }: Slots): unknown {
  return { held: [...held].toSorted(([a], [b]) => (a < b ? -1 : 1)), line };
}
