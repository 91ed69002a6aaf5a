import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../../base/random.ts";
import { documentContext } from "../document.ts";
import { parseExpression } from "../parse.ts";
import { FUNCTIONS } from "./catalogue.ts";

const NAMES = `now uuid random len length lower upper trim split join replace contains starts_with ends_with matches
  substring sum avg min max count distinct sort reverse flatten keys values entries merge pick omit round floor ceil abs
  number string bool json parse_json date_add date_diff format_date base64_encode base64_decode sha256 hmac_sha256
  default coalesce`.split(/\s+/);

test("the catalogue holds exactly the functions of the language", () => {
  assert.deepEqual([...FUNCTIONS.keys()].sort(), NAMES.sort());
});

for (const { name, examples } of FUNCTIONS.values()) {
  for (const { expression, context, value } of examples) {
    test(`the example of ${name} is true: ${expression}`, () => {
      const parsed = parseExpression(expression, { bareRoots: true });
      if (!parsed.ok) assert.fail(parsed.problem.message);
      const options = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 678), random: createRandom("example"), bytesMax: 10_000 };
      assert.deepEqual(parsed.value.evaluate(documentContext(context ?? {}, options)), value);
    });
  }
}

test("every function has an example that calls it", () => {
  for (const { name, examples } of FUNCTIONS.values()) {
    assert.ok(
      examples.some(({ expression }) => expression.includes(`${name}(`)),
      name,
    );
  }
});
