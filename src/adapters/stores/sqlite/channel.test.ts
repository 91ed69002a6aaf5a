import assert from "node:assert/strict";
import { test } from "node:test";

import { rejectsAs } from "../../../ports/store.contract/samples.ts";
import { startThread } from "./channel.ts";

type EchoCalls = { readonly echo: (text: string) => string; readonly slow: () => string; readonly close: () => void };

/** Serves through the real channel; `die` ends the thread in the middle of a call, `crash` by an error outside of any. */
const THREAD = `
  import { serve } from ${JSON.stringify(new URL("./channel.ts", import.meta.url).href)};
  import { setImmediate as turn } from "node:timers/promises";
  serve(() => ({
    echo: (text) => {
      if (text === "die") process.exit(3);
      if (text === "crash") setImmediate(() => { throw new Error("out of the blue"); });
      if (text === "fail") throw new Error("no such row");
      return text;
    },
    slow: async () => { for (let i = 0; i < 20; i++) await turn(); return "slow"; },
    close: () => {},
  }), "unknown");
`;

test("calls are answered, and those that fail are rejected by kind", async () => {
  const thread = start(THREAD);
  await thread.open();
  assert.equal(await thread.call("echo", ["a"]), "a");
  await rejectsAs("unknown", thread.call("echo", ["fail"]));
  assert.equal(await thread.call("echo", ["b"]), "b");
  await thread.close();
});

test("what takes several turns lets others pass, and is answered before the end", async () => {
  const thread = start(THREAD);
  await thread.open();
  const order: string[] = [];
  const slow = thread.call("slow", []).then((text) => order.push(text));
  const quick = thread.call("echo", ["quick"]).then((text) => order.push(text));
  await Promise.all([thread.close(), slow, quick]);
  assert.deepEqual(order, ["quick", "slow"]);
});

test("when the thread dies, what it had taken is unknown and everything later is gone", async () => {
  const thread = start(THREAD);
  await thread.open();
  const asked = [thread.call("echo", ["die"]), thread.call("echo", ["behind it"])];
  await Promise.all(asked.map((call) => rejectsAs("unknown", call)));
  await rejectsAs("gone", thread.call("echo", ["later"]));
  await thread.close();
});

test("a thread that crashes by an error of its own is gone with its reason", async () => {
  const thread = start(THREAD);
  await thread.open();
  assert.equal(await thread.call("echo", ["crash"]), "crash");
  await assert.rejects(thread.call("slow", []), /out of the blue/);
  await assert.rejects(thread.call("echo", ["later"]), /out of the blue/);
  await thread.close();
});

test("a thread that cannot open says why and ends", async () => {
  const thread = start(`
    import { serve } from ${JSON.stringify(new URL("./channel.ts", import.meta.url).href)};
    serve(() => { throw new Error("no such place"); }, "unknown");
  `);
  await assert.rejects(thread.open(), /no such place/);
  await thread.close();
});

function start(source: string): ReturnType<typeof startThread<EchoCalls>> {
  return startThread<EchoCalls>(new URL(`data:text/javascript,${encodeURIComponent(source)}`), null, "unknown");
}
