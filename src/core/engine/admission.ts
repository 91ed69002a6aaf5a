/**
 * What a start has to pass before it may run: the limits of its workflow, with their keys read from the start. Read before
 * anything is decided, because a start that is refused leaves nothing behind.
 */

import type { Json } from "../base/json.ts";
import type { Definition } from "../language/definition.ts";
import { ExpressionError } from "../language/expressions/evaluation.ts";
import type { Value } from "../language/expressions/expression.ts";
import type { StartExecution } from "./commands.ts";
import { decide } from "./decide.ts";
import { Decision, type DecisionContext } from "./decision.ts";
import { createExecution, type ScopeState } from "./execution.ts";
import type { SlotNeed } from "./sharing.ts";

export interface Admission {
  /** In the order in which they are asked for; the same for all, so that nobody waits in a circle. */
  readonly slots: readonly SlotNeed[];
  /** A start while another holds the slot is answered with that one. */
  readonly isSingleton: boolean;
  readonly debounce: { readonly key: string; readonly periodMs: number; readonly waitMsMax: number | null } | null;
  readonly rate: { readonly key: string; readonly limit: number; readonly periodMs: number } | null;
}

/** A key is a name for people to read, not a place to keep data in. */
const KEY_LENGTH_MAX = 200;

/** Null: nothing limits it. Throws `ExpressionError` where a key cannot be read, or is none. */
export function admissionOf(
  definition: Definition,
  identity: { readonly id: string; readonly workspace: string },
  start: StartExecution,
  context: DecisionContext,
): Admission | null {
  const { name, concurrency, debounce, rateLimit } = definition;
  if (concurrency === null && debounce === null && rateLimit === null) return null;
  const read = keyReader(definition, identity, start, context);
  const keyOf = (key: Value | null) => (key === null ? name : `${name}/${read(key)}`);
  const slots: SlotNeed[] = [];
  if (debounce !== null) {
    slots.push({ kind: "debounce", key: `debounce/${keyOf(debounce.key)}`, limit: 1, on_limit: "queue" });
  }
  if (concurrency !== null) {
    const { limit, onLimit } = concurrency;
    slots.push({ kind: "slots", key: keyOf(concurrency.key), limit, on_limit: onLimit });
  }
  return {
    slots,
    isSingleton: concurrency?.isSingleton === true,
    debounce:
      debounce === null
        ? null
        : { key: `debounce/${keyOf(debounce.key)}`, periodMs: debounce.periodMs, waitMsMax: debounce.waitMsMax },
    rate:
      rateLimit === null ? null : { key: keyOf(rateLimit.key), limit: rateLimit.limit, periodMs: rateLimit.periodMs },
  };
}

/** Reads keys as the execution would, had it been started. */
function keyReader(
  definition: Definition,
  identity: { readonly id: string; readonly workspace: string },
  start: StartExecution,
  context: DecisionContext,
): (key: Value) => string {
  const execution = createExecution(identity);
  decide(definition, execution, { ...start, slots: [NEVER] }, context);
  const decision = new Decision(definition, execution, context);
  return (key) => toKey(decision.evaluate(key, execution.root as ScopeState));
}

/** Whoever waits for it begins nothing. */
const NEVER: SlotNeed = { kind: "slots", key: "", limit: 0, on_limit: "queue" };

function toKey(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const isPlain = value === null || typeof value !== "object";
  if (isPlain && text.length <= KEY_LENGTH_MAX) return text;
  const met = isPlain ? `a text of ${text.length} characters` : Array.isArray(value) ? "an array" : "an object";
  throw new ExpressionError(
    `Expected a key to be a text, number or boolean of at most ${KEY_LENGTH_MAX} characters, but it gave ${met}.`,
    0,
  );
}
