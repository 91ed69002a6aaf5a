import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FUNCTIONS_PAGE, renderFunctionsReference } from "../tools/functions-reference.ts";

test("the reference of functions says what the catalogue says (node tools/functions-reference.ts writes it)", () => {
  assert.equal(readFileSync(FUNCTIONS_PAGE, "utf8"), renderFunctionsReference());
});
