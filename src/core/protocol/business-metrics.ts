/**
 * Metrics that people define over their executions, as `metrics.yaml` says them.
 *
 *     metrics:
 *       business_metrics:
 *         - { name: order_value, type: counter, source: $.output.total_amount, labels: [customer_segment] }
 *
 * A source sees the ended execution: `input`, `output`, `steps`, `execution`, `metadata`. Rates of a step
 * (`$.steps.X.success_rate`) are the mean of one observation for each of its runs.
 */

import { parse } from "yaml";
import { parseDuration } from "../base/duration.ts";
import { isObject, type Json, type JsonObject, member } from "../base/json.ts";
import { createRandom } from "../base/random.ts";
import { type EvaluationContext, ExpressionError } from "../language/expressions/evaluation.ts";
import type { Expression } from "../language/expressions/expression.ts";
import { parseExpression } from "../language/expressions/parse.ts";

export interface BusinessMetric {
  readonly name: string;
  readonly description: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly source: BusinessSource;
  readonly labels: readonly BusinessLabel[];
  /** Upper ends, ascending; only of a histogram. */
  readonly buckets: readonly number[];
  /** Of a gauge: over which time the mean is taken; null: what it was last. */
  readonly windowMs: number | null;
  readonly workflow: string | null;
  readonly unit: string;
}

export type BusinessSource =
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "step"; readonly step: string; readonly rate: StepRate };

export const STEP_RATES = ["success_rate", "error_rate", "retry_rate", "duration"] as const;
export type StepRate = (typeof STEP_RATES)[number];

/** Without an expression it is looked up in output, then input, then metadata. */
export interface BusinessLabel {
  readonly name: string;
  readonly expression: Expression | null;
}

export interface EndedExecution {
  readonly input: Json;
  readonly output: Json;
  readonly metadata: JsonObject;
  readonly steps: JsonObject;
  readonly execution: JsonObject;
  /** Every run of a step, by its name. */
  readonly runs: readonly {
    readonly step: string;
    readonly completed: boolean;
    readonly failed: boolean;
    readonly retries: number;
    readonly seconds: number;
  }[];
  readonly workflow: string;
}

export interface Observation {
  readonly metric: BusinessMetric;
  readonly labels: readonly string[];
  readonly value: number;
}

export type ParsedMetrics =
  | { readonly ok: true; readonly metrics: readonly BusinessMetric[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const NAME = /^[a-z][a-z0-9_]{0,99}$/i;
const BUCKETS: readonly number[] = [0.1, 0.5, 1, 5, 10, 30, 60, 300];
const METRICS_MAX = 200;
const LABELS_MAX = 5;
/** A label is no place for texts. */
const LABEL_LENGTH_MAX = 100;

export function parseBusinessMetrics(text: string): ParsedMetrics {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    return { ok: false, problems: [`Expected YAML, but ${error instanceof Error ? error.message : String(error)}`] };
  }
  const metrics = isObject(document) ? member(document as JsonObject, "metrics") : undefined;
  const list = isObject(metrics) ? (member(metrics, "business_metrics") ?? []) : undefined;
  if (!Array.isArray(list)) return { ok: false, problems: ["Expected `metrics.business_metrics` to be a list."] };
  if (list.length > METRICS_MAX)
    return { ok: false, problems: [`Expected at most ${METRICS_MAX} metrics, but there are ${list.length}.`] };
  const problems: string[] = [];
  const found = new Map<string, BusinessMetric>();
  for (const [place, entry] of list.entries()) {
    const read = readMetric(entry, (problem) => problems.push(`business_metrics[${place}]: ${problem}`));
    if (read === null) continue;
    if (found.has(read.name))
      problems.push(`business_metrics[${place}]: Expected a name of its own, but ${read.name} is taken.`);
    found.set(read.name, read);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, metrics: [...found.values()] };
}

const FIELDS = ["name", "description", "type", "source", "labels", "buckets", "window", "workflow", "unit"];

function readMetric(entry: Json, report: (problem: string) => void): BusinessMetric | null {
  if (!isObject(entry)) {
    report("Expected an object.");
    return null;
  }
  let isFine = true;
  const wrong = (problem: string) => {
    isFine = false;
    report(problem);
  };
  for (const field of Object.keys(entry))
    if (!FIELDS.includes(field)) wrong(`Expected only ${FIELDS.join(", ")}, but met ${JSON.stringify(field)}.`);
  const {
    name,
    description = "",
    type,
    labels = [],
    buckets = BUCKETS,
    window = null,
    workflow = null,
    unit = "",
  } = entry;
  if (typeof name !== "string" || !NAME.test(name)) wrong("Expected `name` of letters, digits and underscores.");
  if (type !== "counter" && type !== "gauge" && type !== "histogram")
    wrong("Expected `type` to be counter, gauge or histogram.");
  const source = sourceOf(entry["source"], wrong);
  const readLabels = labelsOf(labels, wrong);
  if (!isAscending(buckets)) wrong("Expected `buckets` to be numbers, each larger than the one before.");
  const windowMs = window === null ? null : parseDuration(window as string | number);
  if (window !== null && (windowMs === null || windowMs > 24 * 3_600_000))
    wrong("Expected `window` to be a duration of at most 24h.");
  if (workflow !== null && typeof workflow !== "string") wrong("Expected `workflow` to be a name.");
  if (!isFine || source === null) return null;
  return {
    name: String(name),
    description: String(description),
    type: type as BusinessMetric["type"],
    source,
    labels: readLabels,
    buckets: type === "histogram" ? (buckets as readonly number[]) : [],
    windowMs,
    workflow: workflow as string | null,
    unit: String(unit),
  };
}

function sourceOf(source: Json | undefined, wrong: (problem: string) => void): BusinessSource | null {
  if (typeof source !== "string") {
    wrong("Expected `source` to be an expression such as $.output.total.");
    return null;
  }
  const [, step, rate] = /^\$\.steps\.([\w-]+)\.(success_rate|error_rate|retry_rate|duration)$/.exec(source) ?? [];
  if (step !== undefined) return { kind: "step", step, rate: rate as StepRate };
  const expression = expressionOf(source, "source", wrong);
  return expression === null ? null : { kind: "expression", expression };
}

function labelsOf(labels: Json, wrong: (problem: string) => void): readonly BusinessLabel[] {
  if (!Array.isArray(labels) || labels.length > LABELS_MAX) {
    wrong(`Expected \`labels\` to be a list of at most ${LABELS_MAX}.`);
    return [];
  }
  return labels.flatMap((label: Json): BusinessLabel[] => {
    if (typeof label === "string" && NAME.test(label)) return [{ name: label, expression: null }];
    const entries = isObject(label) ? Object.entries(label) : [];
    const [entry] = entries;
    if (entry === undefined || entries.length > 1 || !NAME.test(entry[0]) || typeof entry[1] !== "string") {
      wrong("Expected each label to be a name or `{name: expression}`.");
      return [];
    }
    const expression = expressionOf(entry[1], "a label", wrong);
    return expression === null ? [] : [{ name: entry[0], expression }];
  });
}

function expressionOf(source: string, what: string, wrong: (problem: string) => void): Expression | null {
  const parsed = parseExpression(source, { bareRoots: true });
  if (parsed.ok) return parsed.value;
  wrong(`Expected ${what} to be an expression, but: ${parsed.problem.message}`);
  return null;
}

function isAscending(value: Json | readonly number[]): boolean {
  return (
    Array.isArray(value) &&
    value.length <= 50 &&
    value.every((one, i) => typeof one === "number" && (i === 0 || one > Number(value[i - 1])))
  );
}

/** What an ended execution adds to the metrics. Where a source gives no number nothing is added. */
export function observe(
  metrics: readonly BusinessMetric[],
  ended: EndedExecution,
  now: number,
): readonly Observation[] {
  return metrics
    .filter(({ workflow }) => workflow === null || workflow === ended.workflow)
    .flatMap((metric) => {
      const values = valuesOf(metric, ended, now);
      if (values.length === 0) return [];
      const labels = metric.labels.map((label) => labelOf(label, ended, now));
      return values.map((value) => ({ metric, labels, value }));
    });
}

function valuesOf({ source, type }: BusinessMetric, ended: EndedExecution, now: number): readonly number[] {
  if (source.kind === "step") {
    const { step, rate } = source;
    return ended.runs.filter((run) => run.step === step).map((run) => rateOf(run, rate));
  }
  const value = evaluate(source.expression, ended, now);
  // Nobody can take back what a counter has counted.
  return typeof value === "number" && Number.isFinite(value) && (type !== "counter" || value >= 0) ? [value] : [];
}

function rateOf(run: EndedExecution["runs"][number], rate: StepRate): number {
  switch (rate) {
    case "success_rate":
      return run.completed ? 1 : 0;
    case "error_rate":
      return run.failed ? 1 : 0;
    case "retry_rate":
      return run.retries > 0 ? 1 : 0;
    case "duration":
      return run.seconds;
  }
}

function labelOf({ name, expression }: BusinessLabel, ended: EndedExecution, now: number): string {
  const value =
    expression === null
      ? (lookUp(ended.output, name) ?? lookUp(ended.input, name) ?? lookUp(ended.metadata, name) ?? null)
      : evaluate(expression, ended, now);
  if (value === null) return "";
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, LABEL_LENGTH_MAX);
}

function lookUp(value: Json, name: string): Json | undefined {
  return isObject(value) ? member(value, name) : undefined;
}

/** Null where it cannot be worked out: an execution that failed early has not everything. */
function evaluate(expression: Expression, ended: EndedExecution, now: number): Json {
  const { input, output, metadata, steps, execution } = ended;
  const roots: JsonObject = { input, output, metadata, steps, execution };
  const context: EvaluationContext = {
    root: (name) => member(roots, name),
    whole: () => roots,
    now,
    random: createRandom("metrics"),
    budget: { operations: 10_000, bytes: 100_000 },
  };
  try {
    return expression.evaluate(context);
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}
