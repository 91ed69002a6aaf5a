import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../base/json.ts";
import { createRandom } from "../../base/random.ts";
import { documentContext } from "./document.ts";
import { ExpressionError } from "./evaluation.ts";
import { parseExpression } from "./parse.ts";

/** A case of a samples file. To add one, add a line. */
interface Sample {
  readonly expression: string;
  readonly context?: Json;
  /** What it gives. */
  readonly value?: Json;
  /** The expression does not parse: true, or a part of the message. */
  readonly refused?: true | string;
  /** The evaluation fails: a part of the message. */
  readonly error?: string;
}

const folder = join(import.meta.dirname, "samples");

for (const file of readdirSync(folder)) {
  for (const sample of JSON.parse(readFileSync(join(folder, file), "utf8")) as readonly Sample[]) {
    test(`${file}: ${sample.expression}`, () => check(sample));
  }
}

function check({ expression, context = {}, value, refused, error }: Sample): void {
  const parsed = parseExpression(expression, { bareRoots: true });
  if (refused !== undefined) {
    assert.ok(!parsed.ok, "it should be refused");
    const { message, hint, offset } = parsed.problem;
    if (refused !== true) assert.ok(`${message} ${hint ?? ""}`.includes(refused), `${message} ${hint ?? ""}`);
    assert.match(message, /^Expected .*\.$/);
    assert.ok(offset >= 0 && offset <= expression.length);
    return;
  }
  if (!parsed.ok) assert.fail(parsed.problem.message);
  const options = { now: Date.UTC(2026, 0, 2), random: createRandom("samples"), bytesMax: 100_000 };
  const evaluate = () => parsed.value.evaluate(documentContext(context, options));
  if (error === undefined) assert.deepEqual(evaluate(), value);
  else assert.throws(evaluate, (met) => met instanceof ExpressionError && met.message.includes(error));
}
