import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DIAGNOSTICS_FOLDER, renderDiagnosticsReference } from "../tools/diagnostics-reference.ts";

test("the reference of diagnostics has exactly the pages of the catalogue", () => {
  const pages = renderDiagnosticsReference();
  assert.deepEqual(readdirSync(DIAGNOSTICS_FOLDER).sort(), [...pages.keys()].sort());
  for (const [file, page] of pages) {
    assert.equal(
      readFileSync(join(DIAGNOSTICS_FOLDER, file), "utf8"),
      page,
      `${file} (run tools/diagnostics-reference.ts)`,
    );
  }
});
