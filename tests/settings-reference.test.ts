import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { renderSettingsReference, SETTINGS_PAGE } from "../tools/settings-reference.ts";

test("the reference of settings says what the table says (node tools/settings-reference.ts writes it)", () => {
  assert.equal(readFileSync(SETTINGS_PAGE, "utf8"), renderSettingsReference());
});
