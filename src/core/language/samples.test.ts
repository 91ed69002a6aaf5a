/**
 * Texts and what the language makes of them. To add a case, add a folder with an `input.yaml`; `UPDATE=1` writes what is
 * expected, to be read like code.
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Definition, Step, StepIndex } from "./definition.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { CATALOGUE } from "./diagnostics.ts";
import { loadDocuments } from "./load.ts";

const SAMPLES = new URL("./samples/", import.meta.url);

/** Their texts are too large for a file; `load.test.ts` makes them. */
const MADE_ELSEWHERE = ["text-too-large", "documents-too-many", "nesting-too-deep", "anchors-too-many"];

for (const name of readdirSync(SAMPLES).sort()) {
  test(`sample ${name} is understood as expected`, () => {
    const folder = new URL(`${name}/`, SAMPLES);
    const actual = describe(readFileSync(new URL("input.yaml", folder), "utf8"));
    const file = new URL("expected.txt", folder);
    if (process.env["UPDATE"] === "1") writeFileSync(file, actual);
    else assert.equal(actual, existsSync(file) ? readFileSync(file, "utf8") : "");
  });
}

test("every diagnostic has a sample that shows it", () => {
  const shown = readdirSync(SAMPLES).flatMap((name) => {
    const text = readFileSync(new URL(`${name}/expected.txt`, SAMPLES), "utf8");
    return [...text.matchAll(/^\d+:\d+ (?:error|warning) ([a-z-]+)$/gm)].map((match) => match[1]);
  });
  const unseen = Object.keys(CATALOGUE).filter((code) => !shown.includes(code) && !MADE_ELSEWHERE.includes(code));
  assert.deepEqual(unseen, []);
});

function describe(text: string): string {
  const { workflows, diagnostics } = loadDocuments([{ file: null, text }]);
  const definitions = workflows.flatMap(({ definition }) =>
    definition === null ? [] : [describeDefinition(definition)],
  );
  return [...diagnostics.map(describeDiagnostic), ...definitions].join("\n");
}

function describeDiagnostic(found: Diagnostic): string {
  const lines = [`${found.line}:${found.column} ${found.severity} ${found.code}`, `  ${found.message}`];
  if (found.hint !== null) lines.push(`  ${found.hint}`);
  lines.push(
    `  at ${found.path === "" ? "the document" : found.path}${found.step === undefined ? "" : `, step ${found.step}`}`,
  );
  return `${lines.join("\n")}\n`;
}

/** The shape of a definition: what leads where, and what is in force. */
function describeDefinition(definition: Definition): string {
  const lines = [`workflow ${definition.name} ${definition.version}`];
  for (const scope of definition.scopes) {
    const owner = scope.owner === null ? "" : ` of ${definition.steps[scope.owner]?.name}`;
    lines.push(`  ${scope.kind}${scope.name === scope.kind ? "" : ` ${scope.name}`}${owner}`);
    for (const index of scope.steps) lines.push(...describeStep(definition.steps[index] as Step, definition));
  }
  return `${lines.join("\n")}\n`;
}

function describeStep(step: Step, definition: Definition): readonly string[] {
  const nameOf = (index: StepIndex) => definition.steps[index]?.name ?? "?";
  const from = step.incoming.map((edge) => `${nameOf(edge.from)}${edge.on === "failure" ? "!" : ""}`);
  const facts = [
    step.isSide ? "side" : "",
    from.length === 0 ? "" : `from ${from.join(" ")} (${step.join})`,
    step.success.length === 0 ? "" : `to ${step.success.map(nameOf).join(" ")}`,
    describeFailure(step, nameOf),
    step.retry === null ? "" : `tried ${describeRetry(step)}`,
    step.circuitBreaker === null
      ? ""
      : `breaker ${step.circuitBreaker.failureThreshold}/${step.circuitBreaker.recoveryTimeoutMs}`,
    step.fallback === null ? "" : `fallback ${step.fallback.kind}`,
    step.compensate === null ? "" : `undone by ${nameOf(step.compensate)}`,
    step.timeoutMs === null ? "" : `${step.timeoutMs} ms then ${step.timeoutAction}`,
    describeSpec(step),
  ].filter((fact) => fact !== "");
  return [`    ${step.name}: ${facts.join("; ")}`];
}

function describeFailure({ failure }: Step, nameOf: (index: StepIndex) => string): string {
  if (failure.kind === "none") return "";
  if (failure.kind === "inline") return "fails inline";
  return `fails to ${nameOf(failure.step)}${failure.recovers ? " and recovers" : ""} [${failure.path.map(nameOf).join(" ")}]`;
}

function describeRetry({ retry }: Step): string {
  if (retry === null) return "";
  const on = retry.retryOn?.map((rule) => (rule.kind === "code" ? rule.code : `(${rule.condition.source})`)).join(" ");
  return `${retry.attemptsMax} ${retry.backoff} ${retry.initialDelayMs}..${retry.delayMsMax} x${retry.multiplier}${on === undefined ? "" : ` on ${on}`}`;
}

function describeSpec({ spec }: Step): string {
  switch (spec.kind) {
    case "function":
      return `calls ${spec.executor}.${spec.function}`;
    case "workflow":
      return `runs ${JSON.stringify(spec.workflow.constant)} ${spec.version}${spec.wait ? "" : " without waiting"}`;
    case "loop":
      return `loops ${spec.over.kind} x${spec.concurrencyMax}, keeps ${JSON.stringify(spec.keeps)}`;
    case "parallel":
      return `${spec.branches.length} branches, join ${spec.join}, ${spec.failFast ? "fails fast" : "runs all"}`;
    case "script":
      return `${spec.language} script`;
    default:
      return spec.kind;
  }
}
