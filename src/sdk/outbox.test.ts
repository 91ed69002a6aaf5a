import assert from "node:assert/strict";
import { test } from "node:test";
import type { Result } from "../core/protocol/tasks.ts";
import { connect } from "./http.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

interface Rig {
  readonly outbox: Outbox;
  /** The task ids of each call. */
  readonly calls: readonly (readonly string[])[];
  readonly accepted: readonly Result[];
  readonly warnings: readonly string[];
  /** Resolves when nothing waits any more. */
  readonly empty: () => Promise<void>;
}

/** An outbox of a platform that answers each call as `answer` says. */
function openRig(answer: (results: readonly Result[], call: number) => number | Promise<number>): Rig {
  const calls: string[][] = [];
  const accepted: Result[] = [];
  const warnings: string[] = [];
  let left = Promise.withResolvers<void>();
  const connection = connect({
    url: "http://platform.test",
    fetch: async (_input, init) => {
      const { results } = JSON.parse(String(init?.body)) as { results: Result[] };
      calls.push(results.map(({ task_id }) => task_id));
      const status = await answer(results, calls.length);
      if (status !== 200) return Response.json({ title: "No", detail: `Expected better than ${status}.` }, { status });
      accepted.push(...results);
      return Response.json({ results: results.map(({ task_id }) => ({ task_id, outcome: "accepted" })) });
    },
  });
  const outbox = createOutbox({
    connection,
    stopped: new AbortController().signal,
    warn: (message) => warnings.push(message),
    left: () => {
      left.resolve();
      left = Promise.withResolvers();
    },
  });
  const empty = async () => {
    while (outbox.size > 0) await left.promise;
  };
  return { outbox, calls, accepted, warnings, empty };
}

function completed(id: string, output: string = id): Result {
  return { task_id: id, status: "completed", output };
}

test("what gathers while a call is under way goes with the next", async () => {
  const { outbox, calls, empty } = openRig(() => 200);
  for (const id of ["a", "b", "c"]) outbox.add(completed(id));
  assert.ok(outbox.has("a") && outbox.has("c"));
  assert.deepEqual(outbox.taskIds(), ["a", "b", "c"]);
  await empty();
  assert.deepEqual(calls, [["a"], ["b", "c"]]);
  assert.ok(!outbox.has("a"));
  // It is not stuck after it was empty.
  outbox.add(completed("d"));
  await empty();
  assert.deepEqual(calls.at(-1), ["d"]);
});

test("results are kept and tried again while the platform does not answer", async () => {
  const { outbox, calls, accepted, warnings, empty } = openRig((_results, call) => (call < 3 ? 503 : 200));
  outbox.add(completed("a"));
  outbox.add(completed("b"));
  await empty();
  assert.deepEqual(calls, [["a"], ["a", "b"], ["a", "b"]]);
  assert.equal(accepted.length, 2);
  assert.equal(warnings.length, 1, "one warning for one absence");
});

test("of a refused call each result goes by itself, and only the refused one fails", async () => {
  const isBad = ({ task_id, status }: Result) => task_id === "bad" && status === "completed";
  const { outbox, accepted, warnings, empty } = openRig((results) => (results.some(isBad) ? 400 : 200));
  for (const id of ["a", "b", "bad", "c"]) outbox.add(completed(id));
  await empty();
  assert.deepEqual(accepted.map(({ task_id, status }) => [task_id, status]).toSorted(), [
    ["a", "completed"],
    ["b", "completed"],
    ["bad", "failed"],
    ["c", "completed"],
  ]);
  const bad = accepted.find(({ task_id }) => task_id === "bad");
  assert.deepEqual([bad?.error?.code, bad?.error?.retryable, bad?.output], ["RESULT_REFUSED", false, undefined]);
  assert.match(bad?.error?.message ?? "", /better than 400/);
  assert.equal(warnings.length, 1);
});

test("a result that is refused in every form is given up", async () => {
  const { outbox, calls, empty } = openRig(() => 413);
  outbox.add(completed("a"));
  await empty();
  assert.equal(calls.length, 2);
});

test("an error whose details JSON cannot say is told as refused", async () => {
  const { outbox, accepted, empty } = openRig(() => 200);
  const details = { n: 1n } as never;
  outbox.add({ task_id: "a", status: "failed", error: { code: "ODD", message: "Odd.", details } });
  await empty();
  assert.deepEqual(
    accepted.map(({ error }) => error?.code),
    ["RESULT_REFUSED"],
  );
});

test("large results share a call only as far as it stays small", async () => {
  const gate = Promise.withResolvers<number>();
  const { outbox, calls, empty } = openRig((_results, call) => (call === 1 ? gate.promise : 200));
  outbox.add(completed("first"));
  for (const id of ["a", "b", "c"]) outbox.add(completed(id, "x".repeat(900_000)));
  outbox.add(completed("huge", "x".repeat(5_000_000)));
  gate.resolve(200);
  await empty();
  assert.deepEqual(calls, [["first"], ["a", "b"], ["c"], ["huge"]]);
});
