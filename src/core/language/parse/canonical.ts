/**
 * The last stroke of normalisation: values that can be written in several ways get one.
 *
 *     timeout: 90        1m30s
 *     retry_on: [timeout]   [TIMEOUT]
 *     on_success:        left out: nothing written is no field
 */

import { formatDuration, parseDuration } from "../../base/duration.ts";
import type { FieldKind } from "../fields.ts";
import { isRetryCode, toRetryCode } from "../retry-rule.ts";
import { STEP_TYPES, stepFields } from "../step-fields.ts";
import type { Entry, MapNode, Node } from "./node.ts";
import { field, listAt, scalar, scalarAt, text } from "./node.ts";

/** A copy of `node`, which is of the kind `kind`, with canonical values. What is of another kind is left as it is. */
export function canonicalise(node: Node, kind: FieldKind, name = ""): Node {
  switch (kind.is) {
    case "duration":
      return canonicalDuration(node);
    case "condition":
      return name === "retry_on" ? canonicalCode(node) : node;
    case "steps":
      return node.kind === "list" ? listAt(node.place, node.items.map(canonicalStep)) : node;
    case "step":
      return canonicalStep(node);
    case "object":
      return node.kind === "map" ? canonicalFields(node, kind) : node;
    case "list":
      return node.kind === "list"
        ? listAt(
            node.place,
            node.items.map((item) => canonicalise(item, kind.of, name)),
          )
        : node;
    case "either":
      return kind.of.reduce((each, option) => canonicalise(each, option, name), node);
    default:
      return node;
  }
}

/** A step is read by its type; of an unknown type nothing is known. */
export function canonicalStep(node: Node): Node {
  const type = STEP_TYPES.get(text(field(node, "type")) ?? "");
  return type === undefined ? node : canonicalise(node, { is: "object", fields: stepFields(type) });
}

function canonicalFields(node: MapNode, kind: Extract<FieldKind, { is: "object" }>): MapNode {
  const kinds = new Map(kind.fields.map((each) => [each.name, each.kind]));
  const entries = new Map<string, Entry>();
  for (const [name, entry] of node.entries) {
    const known = kinds.get(name);
    if (known === undefined) entries.set(name, entry);
    else if (!isNothing(entry.value, known)) {
      entries.set(name, { key: entry.key, value: canonicalise(entry.value, known, name) });
    }
  }
  return { ...node, entries };
}

/** Nothing after the name of a field is no field, except where null is a value. */
function isNothing(node: Node, kind: FieldKind): boolean {
  return node.kind === "scalar" && node.value === null && kind.is !== "value" && kind.is !== "any";
}

/** A bare number is seconds. One spelling for one duration, so that texts which mean the same have the same hash. */
function canonicalDuration(node: Node): Node {
  const value = scalar(node);
  const ms = typeof value === "number" || typeof value === "string" ? parseDuration(value) : null;
  if (ms === null) return node;
  const shortest = formatDuration(ms);
  return shortest === value ? node : scalarAt(node.place, shortest);
}

function canonicalCode(node: Node): Node {
  const written = text(node);
  return written !== undefined && isRetryCode(written) ? scalarAt(node.place, toRetryCode(written)) : node;
}
