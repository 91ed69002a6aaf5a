/**
 * The schemas of a document as nodes, with every reference resolved.
 *
 * Compilation and the checks go from node to node and never look a reference up again. Nothing is fetched: a reference
 * leads to a place in the same document, or it is a problem.
 */

import type { Json, JsonObject } from "../../base/json.ts";
import { isObject, member } from "../../base/json.ts";
import { type Effort, nearest, quote } from "../../base/text.ts";
import type { Path } from "./keywords.ts";
import { IN_PLACE, isSchema, partsOf } from "./keywords.ts";
import { normaliseSchema } from "./normalise.ts";
import { resolveUri, splitFragment } from "./uri.ts";
import { toPointer } from "./violation.ts";

export interface SchemaProblem {
  /** The place in the schema. */
  readonly at: Path;
  readonly message: string;
  readonly hint: string | null;
}

export interface SchemaNode {
  readonly at: Path;
  readonly schema: JsonObject | boolean;
  /** The innermost schema with an `$id` around this node, or the root. */
  readonly resource: Resource;
  readonly members: readonly {
    readonly keyword: string;
    readonly key: string | number | null;
    readonly node: SchemaNode;
  }[];
  /** Where `$ref` leads. */
  reference: SchemaNode | null;
  dynamicReference: DynamicReference | null;
}

export interface Resource {
  readonly uri: string;
  readonly anchors: Map<string, SchemaNode>;
  readonly dynamicAnchors: Map<string, SchemaNode>;
}

/** `$dynamicRef`: the outermost resource on the way here that has the anchor; `target` where there is no anchor to look for. */
export interface DynamicReference {
  readonly target: SchemaNode;
  readonly anchor: string | null;
}

export interface SchemaTree {
  readonly root: SchemaNode;
  /** Every node, those included that only a reference turned into schemas. */
  readonly nodes: readonly SchemaNode[];
  readonly problems: readonly SchemaProblem[];
}

export function growTree(source: JsonObject | boolean): SchemaTree {
  const growing: Growing = {
    source,
    nodes: [],
    byPointer: new Map(),
    byUri: new Map(),
    problems: [],
    effort: { left: 100_000 },
  };
  const root = plant(growing, source, [], null);
  // Resolving may add nodes, whose references are then resolved in their turn.
  for (let i = 0; i < growing.nodes.length; i++) resolveNode(growing, growing.nodes[i] as SchemaNode);
  return { root, nodes: growing.nodes, problems: growing.problems };
}

/** The nodes that speak of the same value as `node`: those that are checked without a step into the value. */
export function inPlaceOf(
  node: SchemaNode,
  dynamicAnchors: ReadonlyMap<string, readonly SchemaNode[]>,
): readonly SchemaNode[] {
  const found = node.members.filter(({ keyword }) => IN_PLACE.has(keyword)).map((member) => member.node);
  if (node.reference !== null) found.push(node.reference);
  if (node.dynamicReference !== null) {
    const { anchor, target } = node.dynamicReference;
    found.push(...(anchor === null ? [target] : (dynamicAnchors.get(anchor) ?? [])));
  }
  return found;
}

interface Growing {
  readonly source: JsonObject | boolean;
  readonly nodes: SchemaNode[];
  readonly byPointer: Map<string, SchemaNode>;
  readonly byUri: Map<string, SchemaNode>;
  readonly problems: SchemaProblem[];
  /** For telling what a reference meant. */
  readonly effort: Effort;
}

function plant(growing: Growing, schema: JsonObject | boolean, at: Path, around: Resource | null): SchemaNode {
  const resource = resourceOf(schema, around);
  const members: SchemaNode["members"][number][] = [];
  const node: SchemaNode = { at, schema, resource, members, reference: null, dynamicReference: null };
  growing.nodes.push(node);
  growing.byPointer.set(toPointer(at), node);
  if (typeof schema === "boolean") return node;

  if (resource !== around) addOnce(growing, growing.byUri, resource.uri, node, "$id");
  const anchor = schema["$anchor"];
  if (typeof anchor === "string") addOnce(growing, resource.anchors, anchor, node, "$anchor");
  const dynamicAnchor = schema["$dynamicAnchor"];
  if (typeof dynamicAnchor === "string") {
    addOnce(growing, resource.anchors, dynamicAnchor, node, "$dynamicAnchor");
    resource.dynamicAnchors.set(dynamicAnchor, node);
  }
  for (const { keyword, key, schema: inner } of partsOf(schema)) {
    const path = key === null ? [...at, keyword] : [...at, keyword, key];
    members.push({ keyword, key, node: plant(growing, inner, path, resource) });
  }
  return node;
}

function resourceOf(schema: JsonObject | boolean, around: Resource | null): Resource {
  const id = isObject(schema) ? member(schema, "$id") : undefined;
  if (around !== null && typeof id !== "string") return around;
  const uri = typeof id === "string" ? resolveUri(around?.uri ?? "", splitFragment(id).uri) : "";
  return { uri, anchors: new Map(), dynamicAnchors: new Map() };
}

function addOnce(
  growing: Growing,
  names: Map<string, SchemaNode>,
  name: string,
  node: SchemaNode,
  keyword: string,
): void {
  const first = names.get(name);
  if (first === undefined) names.set(name, node);
  else if (first !== node) {
    const message = `Expected every "${keyword}" to be unique, but ${quote(name)} already stands at "${toPointer(first.at)}".`;
    growing.problems.push({ at: [...node.at, keyword], message, hint: null });
  }
}

function resolveNode(growing: Growing, node: SchemaNode): void {
  if (typeof node.schema === "boolean") return;
  const reference = node.schema["$ref"];
  if (typeof reference === "string") node.reference = find(growing, node, "$ref", reference);
  const dynamic = node.schema["$dynamicRef"];
  if (typeof dynamic !== "string") return;
  const target = find(growing, node, "$dynamicRef", dynamic);
  if (target === null) return;
  const { fragment } = splitFragment(dynamic);
  const isDynamic = fragment !== null && target.resource.dynamicAnchors.get(fragment) === target;
  node.dynamicReference = { target, anchor: isDynamic ? fragment : null };
}

function find(growing: Growing, node: SchemaNode, keyword: string, reference: string): SchemaNode | null {
  const { uri, fragment } = splitFragment(reference);
  const absolute = resolveUri(node.resource.uri, uri);
  const resource = growing.byUri.get(absolute);
  const refuse = (but: string, hint: string | null) => {
    const message = `Expected "${keyword}" to lead to a place in this schema, but ${but}.`;
    growing.problems.push({ at: [...node.at, keyword], message, hint });
    return null;
  };
  if (resource === undefined) {
    return refuse(
      `${quote(reference)} is another document, and nothing is fetched`,
      'Copy that schema under "$defs" and refer to it as "#/$defs/NAME".',
    );
  }
  if (fragment === null) return refuse(`the escapes in ${quote(reference)} are wrong`, null);
  const found =
    fragment === "" || fragment.startsWith("/")
      ? atPointer(growing, resource, fragment)
      : resource.resource.anchors.get(fragment);
  if (found !== undefined) return found;
  const near = growing.effort.left > 0 ? nearest(reference, knownReferences(growing), growing.effort) : null;
  return refuse(`there is nothing at ${quote(reference)}`, near === null ? null : `Did you mean "${near}"?`);
}

/** Below a keyword that we do not know a schema may lie as well; it is grown when something refers to it. */
function atPointer(growing: Growing, resource: SchemaNode, pointer: string): SchemaNode | undefined {
  const known = growing.byPointer.get(toPointer(resource.at) + pointer);
  if (known !== undefined) return known;
  let value: Json = resource.schema;
  const at = [...resource.at];
  for (const escaped of pointer.slice(1).split("/")) {
    const key = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    const isIndex: boolean = Array.isArray(value) && /^\d+$/.test(key);
    const inner: Json | undefined = isIndex
      ? (value as readonly Json[])[Number(key)]
      : isObject(value)
        ? member(value, key)
        : undefined;
    if (inner === undefined) return undefined;
    at.push(isIndex ? Number(key) : key);
    value = inner;
  }
  return isSchema(value) ? plant(growing, normaliseSchema(value), at, resource.resource) : undefined;
}

function knownReferences(growing: Growing): readonly string[] {
  return [...growing.byPointer.keys()]
    .filter((pointer) => /\/(\$defs|definitions)\/[^/]+$/.test(pointer))
    .map((pointer) => `#${pointer}`);
}
