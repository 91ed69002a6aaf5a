/** What a step type wants of its fields beyond what the table of fields can say. */

import { parseDuration } from "../../base/duration.ts";
import { quote } from "../../base/text.ts";
import { toStatusRanges } from "../compile/status.ts";
import type { Outline, OutlineStep } from "../outline.ts";
import type { Node } from "../parse/node.ts";
import { field, items, scalar, text, toJson } from "../parse/node.ts";
import type { Report } from "../report.ts";
import { describeNode } from "./kinds.ts";

export function checkTypes(outline: Outline, report: Report): void {
  for (const step of outline.steps) checkType(step, report);
}

function checkType(step: OutlineStep, report: Report): void {
  switch (step.type) {
    case "http":
      return checkHttp(step, report);
    case "database":
      return checkOneOf(step, ["sql", "table", "collection"], report, "any");
    case "message_queue":
      return checkOneOf(step, ["topic", "queue", "exchange"], report, "any");
    case "transform":
      return checkTransform(step, report);
    case "validate":
      return checkOneOf(step, ["schema", "rules"], report, "any");
    case "condition":
      return checkOneOf(step, ["then", "else"], report, "any");
    case "parallel":
      return checkParallel(step, report);
    case "loop":
      return checkLoop(step, report);
    case "wait":
      checkOneOf(step, ["duration", "until"], report);
      checkConstantDuration(step, report);
      return checkConstantTime(step, report);
    default:
      return;
  }
}

/** One of the fields has to be there, and with "one" no second. */
function checkOneOf(step: OutlineStep, names: readonly string[], report: Report, how: "one" | "any" = "one"): void {
  const given = names.filter((name) => field(step.node, name) !== undefined);
  const facts = { owner: ownerOf(step), fields: names };
  if (given.length === 0) report.add("fields-none", facts, placeOf(step), step.name);
  else if (given.length > 1 && how === "one") {
    const second = step.node.entries.get(given[1] ?? "");
    report.add("fields-exclusive", facts, second?.key ?? placeOf(step), step.name);
  }
}

function ownerOf(step: OutlineStep): string {
  return step.name === "" ? "the step" : `step ${quote(step.name)}`;
}

function placeOf(step: OutlineStep): Node["place"] {
  return field(step.node, "name")?.place ?? step.node.place;
}

function checkHttp(step: OutlineStep, report: Report): void {
  checkOneOf(step, ["url", "service"], report);
  const hasService = field(step.node, "service") !== undefined;
  if (hasService && field(step.node, "endpoint") === undefined) {
    report.add("field-missing", { field: "endpoint", owner: ownerOf(step) }, placeOf(step), step.name);
  }
  const status = field(step.node, "expect_status");
  if (status !== undefined && toStatusRanges(toJson(status)) === null) {
    report.add("status-invalid", { met: shown(status) }, status.place, step.name);
  }
}

function shown(node: Node): string {
  const written = scalar(node);
  return written === undefined ? JSON.stringify(toJson(node)) : String(written);
}

function checkTransform(step: OutlineStep, report: Report): void {
  const given = ["script", "expression", "mapping"].filter((name) => field(step.node, name) !== undefined);
  if (given.length > 1) checkOneOf(step, ["script", "expression", "mapping"], report);
  const language = field(step.node, "language");
  if (language !== undefined && given.length === 0) {
    const wanted = text(language) === "expression" ? ["expression", "mapping"] : ["script", "expression"];
    report.add("fields-none", { owner: ownerOf(step), fields: wanted }, placeOf(step), step.name);
  } else if (text(language) === "expression" && given[0] === "script" && language !== undefined) {
    const facts = { owner: ownerOf(step), fields: ["script", "language: expression"] };
    report.add("fields-exclusive", facts, language.place, step.name);
  }
}

function checkParallel(step: OutlineStep, report: Report): void {
  const branches = field(step.node, "branches");
  const count = items(branches).length;
  const join = field(step.node, "join");
  const wanted = scalar(join);
  if (branches?.kind === "list" && count === 0) {
    report.add("fields-none", { owner: ownerOf(step), fields: ["branches"] }, branches.place, step.name);
  } else if (join !== undefined && typeof wanted === "number" && wanted > count) {
    report.add("join-unreachable", { join: wanted, branches: count }, join.place, step.name);
  }
}

function checkLoop(step: OutlineStep, report: Report): void {
  checkOneOf(step, ["iterate_over", "while", "times"], report);
  const parallel = field(step.node, "parallel");
  if (parallel !== undefined && scalar(parallel) === true && field(step.node, "while") !== undefined) {
    const facts = { owner: ownerOf(step), fields: ["while", "parallel"] };
    report.add("fields-exclusive", facts, parallel.place, step.name);
  }
  const chunk = field(step.node, "chunk_size");
  if (chunk !== undefined && field(step.node, "iterate_over") === undefined) {
    report.add("field-missing", { field: "iterate_over", owner: ownerOf(step) }, chunk.place, step.name);
  }
  const times = field(step.node, "times");
  if (times === undefined || isTimes(times)) return;
  const facts = { field: "times", expected: "a whole number from 0", met: describeNode(times) };
  report.add("field-type", facts, times.place, step.name);
}

/** A whole number, in quotes or not; any other text is an expression. */
function isTimes(node: Node): boolean {
  const written = scalar(node);
  const count = typeof written === "string" && written.trim() !== "" ? Number(written) : written;
  if (typeof count === "number" && !Number.isNaN(count)) return Number.isInteger(count) && count >= 0;
  return typeof written === "string";
}

/** A duration that is written out has to be one; what an expression gives is seen when it runs. */
function checkConstantDuration(step: OutlineStep, report: Report): void {
  const node = field(step.node, "duration");
  const written = scalar(node);
  if (node === undefined || written === undefined || (typeof written === "string" && written.includes("$"))) return;
  const isFine = typeof written !== "boolean" && parseDuration(written) !== null;
  if (!isFine) report.add("duration-invalid", { field: "duration", met: String(written) }, node.place, step.name);
}

const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

function checkConstantTime(step: OutlineStep, report: Report): void {
  const node = field(step.node, "until");
  const written = scalar(node);
  if (node === undefined || written === undefined || (typeof written === "string" && written.includes("$"))) return;
  const isFine = typeof written === "string" && TIME.test(written) && !Number.isNaN(Date.parse(written));
  if (!isFine) report.add("time-invalid", { field: "until", met: String(written) }, node.place, step.name);
}
