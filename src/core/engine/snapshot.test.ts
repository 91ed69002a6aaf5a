/** That an execution goes on from its snapshot as if nothing had been is tried with every command of `rig.test.ts`. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { defined } from "../base/bug.ts";
import type { Definition } from "../language/definition.ts";
import { type Rig, startRig } from "./rig.test.ts";
import { fromSnapshot, SNAPSHOT_VERSION, toSnapshot } from "./snapshot.ts";

const MAX = 16 * 1024 * 1024;
const TASK = "type: function, executor: shop, function: pay";

function textOf({ definition, execution }: Rig): string {
  return defined(toSnapshot(definition, execution, MAX), "a snapshot");
}

describe("a snapshot", () => {
  test("is read as an execution that shares what was shared", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} }, { name: b, ${TASK}, depends_on: [] } ]`, {
      input: { order: "x".repeat(5000) },
    });
    const text = textOf(rig);
    assert.equal(text.split("x".repeat(5000)).length, 2, "the input is written once, and was given to two steps");
    const twin = defined(fromSnapshot(rig.definition, rig.execution, text), "an execution");
    const [a, b] = [...twin.steps.values()];
    assert.equal(a?.input, b?.input);
    assert.equal(a?.scope, twin.root);
    assert.equal(twin.root?.steps[1], b);
  });

  test("is as long as what is alive, however much has happened", () => {
    const count = (times: number) =>
      startRig(`
steps:
  - name: each
    type: loop
    times: ${times}
    steps: [ { name: note, type: set, variables: { last: $.index } } ]
  - { name: last, ${TASK} }`);
    const [short, long] = [textOf(count(20)).length, textOf(count(1000)).length];
    assert.ok(long < short + 50, `Expected ${long} characters to be about ${short}.`);
  });

  test("of another definition does not fit, nor one that another compiler has numbered otherwise", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} }, { name: b, ${TASK} } ]`);
    const { definition, execution } = rig;
    const others: readonly Definition[] = [
      { ...definition, hash: "0".repeat(64) },
      { ...definition, steps: definition.steps.toReversed() },
    ];
    for (const other of others) assert.equal(fromSnapshot(other, execution, textOf(rig)), null);
  });

  test("of another execution does not fit", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} } ]`);
    assert.equal(fromSnapshot(rig.definition, { id: "other", workspace: "default" }, textOf(rig)), null);
    assert.equal(fromSnapshot(rig.definition, { id: "e", workspace: "other" }, textOf(rig)), null);
  });

  test("that is damaged is no execution, wherever it breaks off", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} } ]`);
    const text = textOf(rig);
    for (const damaged of [
      "",
      "null",
      "[]",
      "{}",
      text.slice(0, -1),
      text.replace("[[", "["),
      text.replace(/\d+/, "x"),
    ])
      assert.equal(fromSnapshot(rig.definition, rig.execution, damaged), null, damaged.slice(0, 60));
  });

  test("that would be longer than it may be is not made", () => {
    const rig = startRig(`steps: [ { name: a, ${TASK} } ]`, { input: { much: "x".repeat(10_000) } });
    assert.equal(toSnapshot(rig.definition, rig.execution, 10_000), null);
    assert.ok(textOf(rig).length > 10_000);
  });

  test("has a version that is short enough for a column", () => {
    assert.match(SNAPSHOT_VERSION, /^\d+\.[0-9a-z]{1,7}$/);
  });
});
