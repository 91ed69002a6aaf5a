import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { storeContract } from "../../../ports/store.contract.ts";
import type { Store } from "../../../ports/store.ts";
import { openSqliteStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "magicflow-store-"));
after(() => rmSync(root, { recursive: true }));
const directories = new WeakMap<Store, string>();
let stores = 0;

storeContract("sqlite", () => openIn(join(root, String(stores++))), {
  async reopen(store) {
    await store[Symbol.asyncDispose]();
    return openIn(directories.get(store) ?? "");
  },
});

async function openIn(directory: string): Promise<Store> {
  const store = await openSqliteStore({ directory });
  directories.set(store, directory);
  return store;
}
