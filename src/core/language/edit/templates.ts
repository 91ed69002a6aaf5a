/** What a new step of each type begins as: the fields that it cannot do without, with values that can be recognised and replaced. */

import type { JsonObject } from "../../base/json.ts";
import { RESERVED_NAMES } from "../roots.ts";

export function freshName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted) && !RESERVED_NAMES.has(wanted)) return wanted;
  const base = wanted.replace(/-\d+$/, "");
  for (let number = 2; ; number++) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}

export function stepTemplate(type: string, name: string, taken: ReadonlySet<string>): JsonObject {
  const used = new Set([...taken, name]);
  const inner = (wanted: string): JsonObject => {
    const fresh = freshName(wanted, used);
    used.add(fresh);
    return { name: fresh, type: "wait", duration: "1s" };
  };
  return { name, type, ...fieldsOf(type, inner) };
}

function fieldsOf(type: string, inner: (name: string) => JsonObject): JsonObject {
  switch (type) {
    case "function":
      return { executor: "my-executor", function: "myFunction" };
    case "http":
      return { url: "https://example.com", method: "GET" };
    case "grpc":
      return { address: "localhost:50051", service: "example.v1.Example", method: "Get" };
    case "database":
      return { connection: "main", sql: "select 1" };
    case "message_queue":
      return { broker: "main", topic: "my-topic", message: {} };
    case "transform":
      return { mapping: { value: "$.input" } };
    case "validate":
      return { schema: { type: "object" } };
    case "aggregate":
      return { source: "$.input.items", metrics: { count: { count: "*" } } };
    case "set":
      return { variables: { name: "value" } };
    case "condition":
      return { condition: "true", then: [inner("if-so")], else: [inner("if-not")] };
    case "switch":
      return { cases: [{ when: "true", steps: [inner("first-case")] }], default: [inner("otherwise")] };
    case "parallel":
      return {
        branches: [
          { name: "one", steps: [inner("branch-one")] },
          { name: "two", steps: [inner("branch-two")] },
        ],
      };
    case "loop":
      return { iterate_over: "$.input.items", steps: [inner("each-item")] };
    case "try":
      return { steps: [inner("attempt")], catch: [{ steps: [inner("handle")] }] };
    case "workflow":
      return { workflow: "other-workflow" };
    case "wait":
      return { duration: "1s" };
    case "wait_for_event":
      return { event: "my.event" };
    case "fail":
      return { code: "FAILED", message: "What went wrong" };
    case "notification":
      return { channel: "default", data: {} };
    case "webhook":
      return { url: "https://example.com/hook", event: "my.event", payload: {} };
    case "emit":
      return { event: "my.event", data: {} };
    case "human_task":
      return { title: "What is to be done", assignee: "somebody" };
    default:
      return {};
  }
}
