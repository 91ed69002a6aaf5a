/** One spelling for each duration: `90` and `90s` become `1m30s`. What is no duration stays, for the checks to report. */

import { formatDuration, parseDuration } from "../../base/duration.ts";
import { rewriteByKind } from "./by-kind.ts";
import type { MapNode, ScalarNode } from "./node.ts";
import { scalarAt } from "./node.ts";

export function normaliseDurations(tree: MapNode): MapNode {
  return rewriteByKind(tree, { duration: shortest });
}

function shortest(node: ScalarNode): ScalarNode {
  const { value } = node;
  const ms = typeof value === "string" || typeof value === "number" ? parseDuration(value) : null;
  if (ms === null) return node;
  const text = formatDuration(ms);
  return text === value ? node : scalarAt(node.place, text);
}
