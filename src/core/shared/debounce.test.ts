import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Instant } from "../base/time.ts";
import { type DebounceAnswer, type DebounceCommand, type DebounceState, debounceKind } from "./debounce.ts";
import { openRecord, type Record } from "./record.test.ts";

const NOW = Date.UTC(2027, 0, 1);

type Rig = Record<DebounceState, DebounceCommand, DebounceAnswer>;

function openDebounce(): Rig {
  return openRecord(debounceKind("k"));
}

function joins(rig: Rig, executionId: string, now: Instant = NOW, waitMsMax: number | null = null): string | null {
  return rig.send({ kind: "Join", executionId, periodMs: 5000, waitMsMax }, now).answer.executionId;
}

function asks(executionId: string, turn = 2): DebounceCommand {
  return { kind: "Acquire", executionId, turn, limit: 1, onLimit: "queue", priority: 5, since: NOW };
}

function told(rig: Rig, command: DebounceCommand, now: Instant = NOW): readonly string[] {
  return rig.send(command, now).sends.map(({ executionId }) => executionId);
}

describe("a start that is put off", () => {
  test("stands for those that come later, and begins once none has come for the period", () => {
    const rig = openDebounce();
    assert.equal(joins(rig, "a"), "a");
    assert.deepEqual(told(rig, asks("a")), []);
    assert.equal(joins(rig, "b", NOW + 4000), "a");
    assert.equal(rig.dueAt(), NOW + 9000);
    assert.deepEqual(told(rig, { kind: "Tick" }, NOW + 8999), []);
    assert.deepEqual(told(rig, { kind: "Tick" }, NOW + 9000), ["a"]);
    assert.equal(joins(rig, "c", NOW + 9000), "c");
  });

  test("begins after `max_wait` at the latest", () => {
    const rig = openDebounce();
    for (const at of [0, 4000, 8000]) joins(rig, "a", NOW + at, 10_000);
    assert.equal(rig.dueAt(), NOW + 10_000);
  });

  test("begins at once where its quiet time was over before it asked", () => {
    const rig = openDebounce();
    joins(rig, "slow");
    assert.deepEqual(told(rig, { kind: "Tick" }, NOW + 5000), [], "nobody is there to hear of it");
    joins(rig, "next", NOW + 5000);
    assert.deepEqual(told(rig, asks("slow"), NOW + 5001), ["slow"]);
    assert.deepEqual(rig.restored(), rig.state);
    assert.deepEqual(told(rig, asks("next"), NOW + 5002), []);
    assert.deepEqual(told(rig, { kind: "Tick" }, NOW + 10_000), ["next"], "the other one still has its own");
  });

  test("is given up by others only as long as it has not asked", () => {
    const rig = openDebounce();
    joins(rig, "lost");
    told(rig, { kind: "GiveUp", executionId: "lost" });
    assert.equal(joins(rig, "a"), "a");
    told(rig, asks("a"));
    told(rig, { kind: "GiveUp", executionId: "a" });
    assert.deepEqual(told(rig, { kind: "Tick" }, NOW + 5000), ["a"]);
  });

  test("leaves by itself when it is cancelled", () => {
    const rig = openDebounce();
    joins(rig, "a");
    told(rig, asks("a"));
    told(rig, { kind: "Release", executionId: "a" });
    assert.ok(rig.isIdle());
    assert.equal(rig.rows.size, 0);
  });
});

describe("whatever is asked of a record of starts that are put off", () => {
  const id = fc.integer({ min: 0, max: 4 }).map((n) => `e${n}`);
  const step = fc.record({
    ms: fc.integer({ min: 0, max: 4000 }),
    command: fc.oneof(
      id.map((executionId): DebounceCommand => ({ kind: "Join", executionId, periodMs: 5000, waitMsMax: 12_000 })),
      id.map((executionId): DebounceCommand => asks(executionId)),
      id.map((executionId): DebounceCommand => ({ kind: "GiveUp", executionId })),
      fc.constant<DebounceCommand>({ kind: "Tick" }),
    ),
  });

  test("who has asked is told, once; and what is stored says the same as memory", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rig = openDebounce();
        const asked = new Set<string>();
        const heard: string[] = [];
        let now = NOW;
        for (const { ms, command } of steps) {
          now += ms;
          // An execution asks once.
          if (command.kind === "Acquire" && asked.has(command.executionId)) continue;
          if (command.kind === "Acquire") asked.add(command.executionId);
          heard.push(...told(rig, command, now));
          assert.deepEqual(rig.restored(), rig.state);
        }
        heard.push(...told(rig, { kind: "Tick" }, now + 60_000));
        for (const each of asked) assert.ok(heard.includes(each), `${each} waits for ever`);
        assert.ok(rig.isIdle());
      }),
    );
  });
});
