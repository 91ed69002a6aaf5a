/**
 * What every store promises; its own test file is a few lines.
 *
 *     storeContract("memory", async () => openMemoryStore());
 *
 * Each test opens a store of its own, empty and with at least four shards, and closes it. A store that outlives its
 * process also gives `reopen`, which closes the store and opens what it has kept.
 */

import { describe } from "node:test";
import { closingContract } from "./store.contract/closing.ts";
import { documentsContract } from "./store.contract/documents.ts";
import { findContract } from "./store.contract/find.ts";
import { historiesContract } from "./store.contract/histories.ts";
import { hostileTextContract } from "./store.contract/hostile-text.ts";
import { removingContract } from "./store.contract/removing.ts";
import { rowsContract } from "./store.contract/rows.ts";
import { sharedContract } from "./store.contract/shared.ts";
import { snapshotsContract } from "./store.contract/snapshots.ts";
import type { Store } from "./store.ts";

export interface StoreContractOptions {
  readonly reopen?: (store: Store) => Promise<Store>;
}

export function storeContract(name: string, open: () => Promise<Store>, options: StoreContractOptions = {}): void {
  describe(`${name} keeps the store contract`, () => {
    describe("histories", () => historiesContract(open));
    describe("snapshots", () => snapshotsContract(open, options.reopen));
    describe("rows beside the histories", () => rowsContract(open));
    describe("shared records", () => sharedContract(open));
    describe("removing executions", () => removingContract(open, options.reopen));
    describe("finding executions", () => findContract(open));
    describe("documents", () => documentsContract(open));
    describe("hostile text", () => hostileTextContract(open));
    describe("closing", () => closingContract(open, options.reopen));
  });
}
