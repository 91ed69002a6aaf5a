import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedError } from "../host/refusal.ts";
import { StoreError } from "../ports/store.ts";
import { problemHeaders, troubleOfError } from "./problems.ts";

test("a refusal that was thrown is told as it is, and when to come back", () => {
  const refused = troubleOfError(
    new RefusedError({ code: "UNAVAILABLE", message: "Expected X, but Y.", retryAfter: 2 }),
  );
  assert.deepEqual(
    [refused.code, refused.detail, problemHeaders(refused)["retry-after"]],
    ["UNAVAILABLE", "Expected X, but Y.", "2"],
  );
});

test("a failure of the storage is told without its text; a bug is only owned up to", () => {
  const full = troubleOfError(new StoreError("full", "disk /secret is full"));
  assert.deepEqual([full.code, full.retryAfter], ["STORAGE_FULL", 5]);
  assert.doesNotMatch(full.detail, /secret/);
  const bug = troubleOfError(new TypeError("cannot read x"));
  assert.equal(bug.code, "INTERNAL");
  assert.doesNotMatch(bug.detail, /read x/);
});
