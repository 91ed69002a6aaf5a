/**
 * A graph as Mermaid text, which repositories and chats draw without help.
 *
 * Scopes are boxes; the step that owns a box points at where it begins. Ids are numbers, because names of steps may be
 * words of Mermaid's own.
 */

import { unreachable } from "../../base/bug.ts";
import type { Graph, GraphEdge, GraphGroup, GraphNode } from "../graph.ts";

/** Longer labels make boxes that push everything else off the screen. */
const LABEL_LENGTH_MAX = 60;

export function toMermaid(graph: Graph): string {
  const ids = new Map(graph.nodes.map((node, index) => [node.name, `s${index}`]));
  const idOf = (name: string) => ids.get(name) ?? name;
  const lines = ["flowchart TD"];
  for (const group of graph.groups) if (group.parent === null) lines.push(...box(graph, group, idOf, "  "));
  for (const edge of graph.edges)
    if (edge.kind !== "contains") lines.push(`  ${idOf(edge.from)} ${arrow(edge)} ${idOf(edge.to)}`);
  lines.push(...entrances(graph, idOf));
  const side = graph.nodes.filter((node) => node.side).map(({ name }) => idOf(name));
  if (side.length > 0) lines.push("  classDef side stroke-dasharray: 4 3", `  class ${side.join(",")} side`);
  return `${lines.join("\n")}\n`;
}

type IdOf = (name: string) => string;

/** The outermost list needs no box around it. */
function box(graph: Graph, group: GraphGroup, idOf: IdOf, indent: string): readonly string[] {
  const isRoot = group.kind === "root";
  const inner = isRoot ? indent : `${indent}  `;
  const lines = isRoot ? [] : [`${indent}subgraph g${graph.groups.indexOf(group)}["${escaped(title(group))}"]`];
  for (const node of graph.nodes) {
    if (node.scope !== group.id) continue;
    lines.push(`${inner}${idOf(node.name)}${shape(node)}`);
    for (const child of graph.groups) {
      if (child.owner === node.name && child.steps.length > 0) lines.push(...box(graph, child, idOf, inner));
    }
  }
  return isRoot ? lines : [...lines, `${indent}end`];
}

function title(group: GraphGroup): string {
  return group.owner === null ? group.label : `${group.owner}: ${group.label}`;
}

function shape(node: GraphNode): string {
  const condition = node.when === null ? "" : `<br/>when ${escaped(node.when)}`;
  const label = `"${escaped(node.name)}<br/><i>${escaped(node.type)}</i>${condition}"`;
  switch (node.type) {
    case "condition":
    case "switch":
      return `{${label}}`;
    case "parallel":
    case "loop":
    case "try":
      return `[[${label}]]`;
    case "workflow":
      return `[/${label}/]`;
    case "wait":
    case "wait_for_event":
    case "human_task":
      return `([${label}])`;
    case "fail":
    case "return":
      return `((${label}))`;
    default:
      return `[${label}]`;
  }
}

function arrow(edge: GraphEdge): string {
  const condition = edge.when === null ? "" : ` when ${edge.when}`;
  switch (edge.kind) {
    case "success":
    case "contains":
      return "-->";
    case "failure":
      return `-.->|"${escaped(`${edge.recovers ? "failure, recovers" : "failure"}${condition}`)}"|`;
    case "fallback":
      return `-.->|"${escaped(`fallback${condition}`)}"|`;
    case "compensation":
      return '-.->|"undo"|';
    default:
      return unreachable(edge.kind);
  }
}

/** From the owner of a scope to the steps with which it begins; failure paths and called steps have edges already. */
function entrances(graph: Graph, idOf: IdOf): readonly string[] {
  return graph.groups.flatMap(({ id, owner, kind, label }) => {
    if (owner === null || kind === "failure" || kind === "called") return [];
    const entries = graph.nodes.filter((node) => node.scope === id && node.entry);
    return entries.map(({ name }) => `  ${idOf(owner)} -->|"${escaped(label)}"| ${idOf(name)}`);
  });
}

/** Mermaid reads quotes, angle brackets and line breaks in labels; they go in as character codes. */
function escaped(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  const short = line.length > LABEL_LENGTH_MAX ? `${line.slice(0, LABEL_LENGTH_MAX - 1)}…` : line;
  return short.replaceAll(/[#"<>&`\\]/g, (character) => `#${character.charCodeAt(0)};`);
}
