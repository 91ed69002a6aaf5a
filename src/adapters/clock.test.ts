import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createSystemClock } from "./clock.ts";

test("a timer is never early", async () => {
  const clock = createSystemClock();
  for (const delayMs of [0, 1, 1.5, 3, 10]) {
    const start = performance.now();
    await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    assert.ok(performance.now() - start >= delayMs, `${delayMs} ms`);
  }
});

test("a timer that was cancelled does nothing, and may be cancelled twice", async () => {
  const clock = createSystemClock();
  const cancel = clock.after(1, () => assert.fail("It was cancelled."));
  cancel();
  cancel();
  await new Promise<void>((resolve) => clock.after(3, resolve));
});

test("a timer may be set for longer than Node's own timers last", () => {
  const timers = mock.method(globalThis, "setTimeout");
  const cancel = createSystemClock().after(90 * 86_400_000, () => {});
  cancel();
  assert.equal(timers.mock.calls[0]?.arguments[1], 2 ** 31 - 1);
  timers.mock.restore();
});

test("what is put off comes after what goes on now", async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    createSystemClock().soon(() => {
      order.push("soon");
      resolve();
    });
  });
  order.push("now");
  await done;
  assert.deepEqual(order, ["now", "soon"]);
});
