import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndedExecution, observe, parseBusinessMetrics } from "./business-metrics.ts";

const TEXT = `
metrics:
  business_metrics:
    - name: order_value
      description: Total order value processed
      type: counter
      source: "$.output.total_amount"
      labels: [customer_segment, { channel: "$.input.from" }]
    - name: processing_time
      type: histogram
      source: $.execution.duration
      buckets: [1, 5, 10]
    - name: payment_success_rate
      type: gauge
      source: $.steps.process_payment.success_rate
      window: 1h
  alerts: []
`;

const ENDED: EndedExecution = {
  input: { from: "web", customer_segment: "new" },
  output: { total_amount: 12.5 },
  metadata: {},
  steps: {},
  execution: { duration: 3 },
  runs: [
    { step: "process_payment", completed: true, failed: false, retries: 0, seconds: 1 },
    { step: "process_payment", completed: false, failed: true, retries: 1, seconds: 1 },
  ],
  workflow: "order",
};

test("what an execution adds is what its sources give", () => {
  const parsed = parseBusinessMetrics(TEXT);
  assert.ok(parsed.ok);
  assert.deepEqual(
    observe(parsed.metrics, ENDED, 0).map(({ metric, labels, value }) => [metric.name, labels, value]),
    [
      ["order_value", ["new", "web"], 12.5],
      ["processing_time", [], 3],
      ["payment_success_rate", [], 1],
      ["payment_success_rate", [], 0],
    ],
  );
});

test("an execution that lacks what a source reads adds nothing", () => {
  const parsed = parseBusinessMetrics(TEXT);
  assert.ok(parsed.ok);
  const failed = { ...ENDED, output: null, execution: { duration: null }, runs: [] };
  assert.deepEqual(observe(parsed.metrics, failed, 0), []);
});

test("what is wrong is told with its place, all of it", () => {
  const parsed = parseBusinessMetrics(
    "metrics: { business_metrics: [{ name: 'a b', type: sum, source: '$.(' }, { name: x, type: counter, source: $.output.y, colour: red }] }",
  );
  assert.ok(!parsed.ok);
  assert.equal(parsed.problems.length, 4);
  assert.ok(parsed.problems[3]?.startsWith("business_metrics[1]"));
});

test("a text that is no YAML, or something else, is refused", () => {
  for (const text of ["{", "- 1", "metrics: 7", "metrics: { business_metrics: many }"])
    assert.ok(!parseBusinessMetrics(text).ok, text);
});
