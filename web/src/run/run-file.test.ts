import { expect, test } from "vitest";
import { parseRunFile } from "./run-file.ts";

const EVENT = {
  seq: 1,
  type: "ExecutionStarted",
  at: "2026-01-01T00:00:00.000Z",
  step: null,
  path: null,
  attempt: null,
  data: {},
};
const HEAD = { execution: { execution_id: "x" } };

function file(...lines: readonly unknown[]): string {
  return lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
}

test("a history as it is exported is read", () => {
  const { execution, events } = parseRunFile(file(HEAD, EVENT, ""));
  expect([execution.execution_id, events.length]).toEqual(["x", 1]);
});

test.each([
  ["an empty file", "", /first line/],
  ["no JSON", "hello", /line 1/],
  ["events alone", file(EVENT), /member `execution`/],
  ["a gap", file(HEAD, { ...EVENT, seq: 2 }), /event 1 in line 2/],
  ["a time that is none", file(HEAD, { ...EVENT, at: "soon" }), /event 1/],
  ["a list", file(HEAD, []), /event 1/],
])("%s is refused with the place", (_, text, message) => {
  expect(() => parseRunFile(text)).toThrow(message);
});
