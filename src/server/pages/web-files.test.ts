import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openWebFiles } from "./web-files.ts";

const folder = mkdtempSync(join(tmpdir(), "magicflow-pages-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "assets"));
writeFileSync(join(folder, "index.html"), '<meta content="__NONCE__">');
writeFileSync(join(folder, "secret.js"), "no");
writeFileSync(join(folder, "assets", "app-12345678.js"), "plain");
writeFileSync(join(folder, "assets", "app-12345678.js.br"), "smaller");
const files = openWebFiles(folder);

test("the page carries the nonce that its policy names", async () => {
  assert.equal(await files.readPage("n1"), '<meta content="n1">');
});

test("a file comes in the smallest form that the caller takes", async () => {
  const small = await files.readAsset("app-12345678.js", "gzip, deflate, br");
  assert.deepEqual([String(small?.bytes), small?.encoding, small?.isHashed], ["smaller", "br", true]);
  const plain = await files.readAsset("app-12345678.js", "");
  assert.deepEqual([String(plain?.bytes), plain?.encoding], ["plain", null]);
});

test("a name is never a path, and what is not there does not exist", async () => {
  for (const name of [
    "../secret.js",
    "..%2fsecret.js",
    "other.js",
    "app-12345678.js.br",
    ".js",
    "a..js",
    "index.html",
  ]) {
    assert.equal(await files.readAsset(name, "br"), null, name);
  }
});

test("where nothing has been built there is no page", async () => {
  assert.equal(await openWebFiles(join(folder, "nowhere")).readPage("n"), null);
});
