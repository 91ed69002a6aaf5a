/** Which kind of field fits what is written, and what people call it. */

import { parseDuration } from "../../base/duration.ts";
import type { FieldKind } from "../fields.ts";
import type { Node } from "../parse/node.ts";
import { scalar } from "../parse/node.ts";

/** Whether the node is what the kind wants, as far as can be told without looking inside. */
export function fits(node: Node, kind: FieldKind): boolean {
  const value = scalar(node);
  switch (kind.is) {
    case "choice":
      return typeof value === "string" && kind.of.includes(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "version":
      return typeof value === "string" || typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "duration":
      return (typeof value === "string" || typeof value === "number") && parseDuration(value) !== null;
    case "text":
    case "path":
    case "pattern":
    case "source":
    case "sql":
    case "reference":
      return typeof value === "string";
    case "condition":
      return typeof value === "string" || typeof value === "boolean";
    case "schema":
      return node.kind === "map" || typeof value === "boolean";
    case "object":
    case "map":
    case "mapping":
    case "step":
      return node.kind === "map";
    case "list":
    case "steps":
      return node.kind === "list";
    case "value":
    case "any":
      return true;
    case "either":
      return kind.of.some((each) => fits(node, each));
  }
}

/** The kind as a sentence names it. */
export function describe(kind: FieldKind): string {
  switch (kind.is) {
    case "choice":
      return kind.of.join(", ");
    case "integer":
      return "a whole number";
    case "number":
      return "a number";
    case "version":
      return "a semantic version";
    case "boolean":
      return "true or false";
    case "duration":
      return "a duration";
    case "text":
    case "source":
    case "sql":
      return "text";
    case "reference":
      return "the name of a step";
    case "path":
      return "a path";
    case "pattern":
      return "a code or a regular expression";
    case "condition":
      return "a condition";
    case "schema":
      return "a JSON Schema";
    case "object":
    case "map":
    case "mapping":
      return "an object";
    case "step":
      return "a step";
    case "list":
      return "a list";
    case "steps":
      return "a list of steps";
    case "value":
    case "any":
      return "a value";
    case "either":
      return kind.of.map(describe).join(" or ");
  }
}

/** What stands there, as a sentence names it. */
export function describeNode(node: Node): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "an object";
  if (node.value === null) return "nothing";
  const shown = JSON.stringify(node.value);
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
