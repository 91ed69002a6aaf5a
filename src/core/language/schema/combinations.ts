/** The keywords that combine schemas of one and the same value. */

import type { Json } from "../../base/json.ts";
import type { Compiling } from "./compile.ts";
import type { Check, Found, Run } from "./run.ts";
import { apart, fail, pass, quietly } from "./run.ts";
import type { SchemaNode } from "./tree.ts";
import { count, show, toPointer } from "./violation.ts";

export function compileCombinations(compiling: Compiling, node: SchemaNode): readonly Check[] {
  const under = (keyword: string) =>
    node.members.filter((member) => member.keyword === keyword).map((member) => compiling.checkOf(member.node));
  const checks: Check[] = under("allOf");
  const anyOf = under("anyOf");
  if (anyOf.length > 0) checks.push(any(anyOf));
  const oneOf = under("oneOf");
  if (oneOf.length > 0) checks.push(one(oneOf));
  const [not] = under("not");
  if (not !== undefined) {
    checks.push(
      (value, run) => !quietly(run, value, not) || fail(run, () => `Expected another value, but got ${show(value)}.`),
    );
  }
  const [condition] = under("if");
  if (condition !== undefined) checks.push(conditional(condition, under("then")[0], under("else")[0]));
  return checks;
}

/** All are asked even if the first fits: what each has seen counts for `unevaluated` keywords. */
function any(alternatives: readonly Check[]): Check {
  return (value, run) => {
    let fits = false;
    for (const alternative of alternatives) {
      if (quietly(run, value, alternative)) fits = true;
      if (fits && run.seen === null) break;
    }
    return fits || reportNone(run, value, alternatives);
  };
}

function one(alternatives: readonly Check[]): Check {
  return (value, run) => {
    const fitting: number[] = [];
    alternatives.forEach((alternative, index) => {
      if (fitting.length < 2 && quietly(run, value, alternative)) fitting.push(index + 1);
    });
    if (fitting.length === 1) return true;
    if (fitting.length === 0) return reportNone(run, value, alternatives);
    const [first, second] = fitting;
    return fail(
      run,
      () =>
        `Expected exactly one of ${alternatives.length} alternatives to fit, but numbers ${first} and ${second} both fit ${show(value)}.`,
    );
  };
}

/**
 * If all but one alternative reject the value as such, that one was surely meant: what it says is the answer. Otherwise
 * one sentence names what each says first.
 */
function reportNone(run: Run, value: Json, alternatives: readonly Check[]): false {
  if (run.violations === null) return false;
  const reports = alternatives.map((alternative) => apart(run, value, alternative));
  const here = toPointer(run.path);
  const meant = reports.filter((report) => report.every(({ pointer }) => pointer !== here));
  const [only] = meant;
  if (meant.length === 1 && only !== undefined && only.length > 0) {
    for (const found of only) pass(run, found);
    return false;
  }
  return fail(run, () => {
    const reasons = reports
      .slice(0, ALTERNATIVES_SHOWN_MAX)
      .map((report, index) => `(${index + 1}) ${reasonOf(report, here)}`);
    return `Expected at least one of ${count(alternatives.length, "alternative")} to fit, but none does: ${reasons.join("; ")}.`;
  });
}

const ALTERNATIVES_SHOWN_MAX = 4;

function reasonOf(report: readonly Found[], here: string): string {
  const [first] = report;
  if (first === undefined) return "it does not fit";
  const place = first.pointer.slice(here.length);
  const message = first.message.replace(/^Expected/, "expected").replace(/\.$/, "");
  return place === "" ? message : `at ${place}, ${message}`;
}

function conditional(condition: Check, then: Check | undefined, otherwise: Check | undefined): Check {
  return (value, run) => {
    const branch = quietly(run, value, condition) ? then : otherwise;
    return branch === undefined || branch(value, run);
  };
}
