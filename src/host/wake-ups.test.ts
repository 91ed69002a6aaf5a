import assert from "node:assert/strict";
import { test } from "node:test";

import { createRandom } from "../core/base/random.ts";
import { type Sleeper, WakeUps } from "./wake-ups.ts";

test("sleepers are woken in the order of their times, however they were set, moved and taken out", () => {
  const random = createRandom("wake-ups");
  const wakeUps = new WakeUps<Sleeper>();
  const sleepers = Array.from({ length: 200 }, (): Sleeper => ({ wakeAt: 0, place: -1 }));
  const expected = new Map<Sleeper, number>();
  for (let n = 0; n < 20_000; n++) {
    const sleeper = sleepers[Math.floor(random() * sleepers.length)] as Sleeper;
    if (random() < 0.3) {
      wakeUps.set(sleeper, null);
      expected.delete(sleeper);
    } else if (random() < 0.1) {
      const now = Math.floor(random() * 1000);
      const woken = wakeUps.takeDue(now);
      const soonest = Math.min(...expected.values());
      assert.equal(woken?.wakeAt ?? null, soonest <= now ? soonest : null);
      if (woken !== null) expected.delete(woken);
    } else {
      const wakeAt = Math.floor(random() * 1000);
      wakeUps.set(sleeper, wakeAt);
      expected.set(sleeper, wakeAt);
    }
    assert.equal(wakeUps.size, expected.size);
    assert.equal(wakeUps.next(), expected.size === 0 ? null : Math.min(...expected.values()));
  }
});

test("nobody is woken before the time", () => {
  const wakeUps = new WakeUps<Sleeper>();
  wakeUps.set({ wakeAt: 0, place: -1 }, 100);
  assert.equal(wakeUps.takeDue(99), null);
  assert.notEqual(wakeUps.takeDue(100), null);
  assert.equal(wakeUps.takeDue(1000), null);
});
