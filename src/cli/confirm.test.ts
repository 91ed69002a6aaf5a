import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { confirm } from "./confirm.ts";

async function answer(text: string): Promise<{ readonly isYes: boolean; readonly shown: string }> {
  const input = new PassThrough();
  const output = new PassThrough();
  const asked = confirm("Archive them?", { input, output });
  input.end(text);
  const isYes = await asked;
  return { isYes, shown: String(output.read() ?? "") };
}

test("a question shows what it expects, and only a clear yes is one", async () => {
  assert.deepEqual(await answer("y\n"), { isYes: true, shown: "Archive them? [y/N] " });
  assert.equal((await answer(" YES \n")).isYes, true);
  for (const no of ["\n", "n\n", "yeah, no\n", "x\ny\n"]) assert.equal((await answer(no)).isYes, false, no);
});

test("nobody there to answer is a no", async () => {
  assert.equal((await answer("")).isYes, false);
});
