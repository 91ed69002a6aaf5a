/**
 * The tree of a document: JSON whose every value knows where it was written.
 *
 * Anchors, merge keys and tags are gone when a tree exists. Normalisation moves and renames nodes but keeps their
 * places, so that a diagnostic about the canonical form points at what the person wrote.
 */

import type { Json } from "../../base/json.ts";
import type { Source } from "./source.ts";

/** Where something was written: offsets into the text, and the path of the node as it was written. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  /** `spec.steps[2].retry`; the document itself is the empty string. */
  readonly path: string;
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: null | boolean | number | string;
}

export interface ListNode {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly Node[];
}

export interface MapNode {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  /** Where the name of the field stands. */
  readonly key: Place;
  readonly value: Node;
}

export type Node = ScalarNode | ListNode | MapNode;

export function toJson(node: Node): Json {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toJson);
    case "map":
      return Object.fromEntries([...node.entries].map(([name, entry]) => [name, toJson(entry.value)]));
  }
}

/** The field `name` of a map; undefined where there is none or the node is no map. */
export function field(node: Node | undefined, name: string): Node | undefined {
  return node?.kind === "map" ? node.entries.get(name)?.value : undefined;
}

export function items(node: Node | undefined): readonly Node[] {
  return node?.kind === "list" ? node.items : [];
}

/** The text of a scalar that is a string. */
export function text(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/** The value of a scalar; undefined for what is missing, null, a list or a map. */
export function scalar(node: Node | undefined): boolean | number | string | undefined {
  return node?.kind === "scalar" && node.value !== null ? node.value : undefined;
}

/** The node below `node` that an evaluated tree calls `at`; the deepest that exists. */
export function descend(node: Node, at: readonly (string | number)[]): Node {
  let reached = node;
  for (const step of at) {
    const next = typeof step === "number" ? items(reached)[step] : field(reached, step);
    if (next === undefined) return reached;
    reached = next;
  }
  return reached;
}

export function scalarAt(place: Place, value: ScalarNode["value"]): ScalarNode {
  return { kind: "scalar", place, value };
}

export function listAt(place: Place, nodes: readonly Node[]): ListNode {
  return { kind: "list", place, items: nodes };
}

/** A map made by us, whose field names stand where their values do. */
export function mapAt(place: Place, fields: { readonly [name: string]: Node | undefined }): MapNode {
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) entries.set(name, { key: value.place, value });
  }
  return { kind: "map", place, entries };
}

/** A copy in which `fields` are set; undefined removes a field. */
export function withFields(node: MapNode, fields: { readonly [name: string]: Node | undefined }): MapNode {
  const entries = new Map(node.entries);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) entries.delete(name);
    else entries.set(name, { key: entries.get(name)?.key ?? value.place, value });
  }
  return { ...node, entries };
}

/** Names can be as long as the text, and every node below has its own path. */
const PATH_LENGTH_MAX = 1000;

/** `field` below `path` as people write it: plain names after a dot, any other name in brackets. */
export function pathOf(path: string, step: string | number): string {
  if (path.length > PATH_LENGTH_MAX) return path;
  if (typeof step === "number") return `${path}[${step}]`;
  if (step.length > PATH_LENGTH_MAX) return `${path}…`;
  const shown = /^[A-Za-z_][\w-]*$/.test(step) ? step : `[${JSON.stringify(step)}]`;
  if (path === "" || shown.startsWith("[")) return `${path}${shown}`;
  return `${path}.${shown}`;
}
