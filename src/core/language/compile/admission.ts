/** How many executions may run, and how many starts are accepted: `concurrency`, `singleton`, `debounce`, `rate_limit`. */

import type { Concurrency, Debounce, Definition, RateLimit } from "../definition.ts";
import { field, type Node, scalar, text } from "../parse/node.ts";
import type { Lookup } from "./lookup.ts";

export function compileAdmission(lookup: Lookup): Pick<Definition, "concurrency" | "debounce" | "rateLimit"> {
  const { spec } = lookup.outline;
  return {
    concurrency:
      compileSingleton(field(spec, "singleton"), lookup) ?? compileConcurrency(field(spec, "concurrency"), lookup),
    debounce: compileDebounce(field(spec, "debounce"), lookup),
    rateLimit: compileRateLimit(field(spec, "rate_limit"), lookup),
  };
}

function compileConcurrency(node: Node | undefined, lookup: Lookup): Concurrency | null {
  if (node === undefined) return null;
  return {
    limit: numberOf(node, "limit") ?? 1,
    key: lookup.value(field(node, "key")),
    onLimit: (text(field(node, "on_limit")) as Concurrency["onLimit"] | undefined) ?? "queue",
    hold: (text(field(node, "hold")) as Concurrency["hold"] | undefined) ?? "tree",
    isSingleton: false,
  };
}

/** `true`, or an object with a key and what a start meets while one runs. */
function compileSingleton(node: Node | undefined, lookup: Lookup): Concurrency | null {
  if (node === undefined || scalar(node) === false) return null;
  const onRunning = text(field(node, "on_running")) ?? "return";
  return {
    limit: 1,
    key: lookup.value(field(node, "key")),
    onLimit: onRunning === "return" ? "queue" : (onRunning as Concurrency["onLimit"]),
    hold: "tree",
    isSingleton: onRunning === "return",
  };
}

function compileDebounce(node: Node | undefined, lookup: Lookup): Debounce | null {
  if (node === undefined) return null;
  return {
    key: lookup.value(field(node, "key")),
    periodMs: lookup.duration(field(node, "period")) ?? 0,
    waitMsMax: lookup.duration(field(node, "max_wait")),
  };
}

function compileRateLimit(node: Node | undefined, lookup: Lookup): RateLimit | null {
  if (node === undefined) return null;
  return {
    key: lookup.value(field(node, "key")),
    limit: numberOf(node, "limit") ?? 1,
    periodMs: lookup.duration(field(node, "period")) ?? 60_000,
  };
}

function numberOf(node: Node, name: string): number | null {
  const value = scalar(field(node, name));
  return typeof value === "number" ? value : null;
}
