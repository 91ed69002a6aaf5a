/**
 * A text as a picture, right or wrong: the steps, what joins them and the lists they stand in, with their places in the text.
 *
 * `graph.ts` draws a compiled definition, in which nothing can be wrong. People who design look at a text that is wrong most
 * of the time: a step without a name, an edge that leads nowhere yet. Whatever can be drawn of it is drawn; null only where
 * the text cannot be read as a document at all.
 */

import { readDocuments } from "./documents.ts";
import { createFlow, type Flow, namesIn, reachableFrom } from "./flow.ts";
import { createOutline, type Outline, type OutlineScope, type OutlineStep } from "./outline.ts";
import { field, items, type Node, scalar, text } from "./parse/node.ts";
import { createReport } from "./report.ts";

export interface Picture {
  readonly name: string;
  readonly version: string;
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  readonly lanes: readonly PictureLane[];
}

export interface PictureNode {
  /** The name; of steps without one, or with one that is taken, also the number of the step in the text. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** What it does, in a line: `POST /orders`, `payments.charge`. */
  readonly summary: string;
  readonly lane: number;
  readonly position: number;
  readonly isSide: boolean;
  /** Run only when it is called: as a fallback, a compensation or by a rule. */
  readonly isCalled: boolean;
  readonly when: string | null;
  readonly retry: string | null;
  readonly timeout: string | null;
  readonly hasBreaker: boolean;
  readonly isCompensated: boolean;
  /** The lanes that it contains. */
  readonly lanes: readonly number[];
  /** As it was written: `spec.steps[2]`. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

export type PictureEdgeKind = "success" | "failure" | "fallback" | "compensation";

export interface PictureEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: PictureEdgeKind;
  /** False for an edge that follows from the order of the list. */
  readonly isWritten: boolean;
  /** Of a failure edge: the flow goes on in its scope afterwards. */
  readonly recovers: boolean;
}

export interface PictureLane {
  readonly index: number;
  readonly kind: OutlineScope["kind"];
  readonly label: string;
  /** Null for lists of the workflow itself. */
  readonly owner: string | null;
  readonly steps: readonly string[];
  /** Of the list as it was written. */
  readonly path: string;
}

export function pictureOf(source: string): Picture | null {
  const report = createReport();
  const document = readDocuments({ file: null, text: source }, report).find(({ kind }) => kind === "Workflow");
  if (document === undefined) return null;
  const spec = field(document.tree, "spec");
  const outline = createOutline(document.tree, spec?.kind === "map" ? spec : { ...document.tree, entries: new Map() });
  const flow = createFlow(outline);
  const ids = outline.steps.map((step) => (outline.stepByName.get(step.name) === step ? step.name : idOf(step)));
  const metadata = field(document.tree, "metadata");
  return {
    name: text(field(metadata, "name")) ?? "",
    version: shown(field(metadata, "version")),
    nodes: outline.steps.map((step) => toNode(step, outline, flow, ids)),
    edges: outline.steps.flatMap((step) => edgesFrom(step, outline, flow, ids)),
    lanes: outline.scopes.map((scope) => toLane(scope, ids)),
  };
}

/** No name can hold a `#`. */
function idOf(step: OutlineStep): string {
  return `${step.name}#${step.index}`;
}

// --- nodes ---------------------------------------------------------------------------------------------------------

function toNode(step: OutlineStep, outline: Outline, flow: Flow, ids: readonly string[]): PictureNode {
  const { node, index } = step;
  return {
    id: ids[index] ?? "",
    name: step.name,
    type: step.type,
    description: text(field(node, "description")) ?? "",
    summary: oneLine(summaryOf(step.type, node)),
    lane: step.scope.index,
    position: step.position,
    isSide: flow.isSide[index] === true,
    isCalled: flow.isCalled[index] === true,
    when: field(node, "when") === undefined ? null : oneLine(shown(field(node, "when"))),
    retry: retryOf(field(node, "retry")),
    timeout: field(node, "timeout") === undefined ? null : shown(field(node, "timeout")),
    hasBreaker: field(node, "circuit_breaker") !== undefined,
    isCompensated: field(node, "compensate") !== undefined,
    lanes: outline.scopes.filter(({ owner }) => owner === step).map((scope) => scope.index),
    path: node.place.path,
    start: node.place.start,
    end: node.place.end,
  };
}

function retryOf(node: Node | undefined): string | null {
  if (node?.kind !== "map") return null;
  const attempts = shown(field(node, "max_attempts"));
  return attempts === "" ? "retried" : `${attempts} attempts`;
}

/** What a step of this type is recognised by. */
function summaryOf(type: string, node: Node): string {
  const get = (name: string) => shown(field(node, name));
  switch (type) {
    case "function":
      return joined(".", get("executor"), get("function"));
    case "http":
      return joined(" ", get("method"), get("url") || joined("", get("service"), get("endpoint")));
    case "grpc":
      return joined("/", get("service"), get("method"));
    case "database":
      return get("sql") || joined(" ", get("operation"), get("table") || get("collection"));
    case "message_queue":
      return get("topic") || get("queue") || get("exchange");
    case "transform":
      return get("expression") || get("script") || joined(", ", ...keysOf(field(node, "mapping")));
    case "aggregate":
      return get("source");
    case "set":
      return joined(", ", ...keysOf(field(node, "variables")));
    case "condition":
      return get("condition");
    case "switch":
      return `${items(field(node, "cases")).length} cases`;
    case "parallel":
      return `${items(field(node, "branches")).length} branches`;
    case "loop":
      return loopSummary(node);
    case "workflow":
      return joined(" ", get("workflow"), get("version"));
    case "wait":
      return get("duration") || get("until");
    case "wait_for_event":
    case "emit":
      return get("event");
    case "human_task":
      return get("title") || get("assignee");
    case "notification":
      return joined(" ", get("channel"), get("template"));
    case "webhook":
      return get("url");
    case "fail":
      return get("message") || get("code");
    default:
      return "";
  }
}

function loopSummary(node: Node): string {
  const times = shown(field(node, "times"));
  const condition = shown(field(node, "while"));
  if (times !== "") return `${times} times`;
  return condition === "" ? `for each of ${shown(field(node, "iterate_over"))}` : `while ${condition}`;
}

function keysOf(node: Node | undefined): readonly string[] {
  return node?.kind === "map" ? [...node.entries.keys()] : [];
}

function joined(between: string, ...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(between);
}

function shown(node: Node | undefined): string {
  const value = scalar(node);
  return value === undefined ? "" : String(value);
}

/** A node has room for so many letters. */
const LINE_LENGTH_MAX = 120;

function oneLine(long: string): string {
  const line = long
    .slice(0, LINE_LENGTH_MAX * 4)
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length <= LINE_LENGTH_MAX ? line : `${line.slice(0, LINE_LENGTH_MAX - 1)}…`;
}

// --- edges ---------------------------------------------------------------------------------------------------------

function edgesFrom(step: OutlineStep, outline: Outline, flow: Flow, ids: readonly string[]): readonly PictureEdge[] {
  const edges: PictureEdge[] = [];
  const from = ids[step.index] ?? "";
  const add = (to: number, kind: PictureEdgeKind, more: Partial<PictureEdge> = {}) => {
    const target = ids[to] ?? "";
    edges.push({ id: `${kind}:${from}>${target}`, from, to: target, kind, isWritten: true, recovers: false, ...more });
  };
  const leadsTo = new Set(namesIn(field(step.node, "on_success")));
  for (const to of new Set(flow.success[step.index])) {
    const target = outline.steps[to];
    const isWritten = leadsTo.has(target?.name ?? "") || target?.node.entries.has("depends_on") === true;
    add(to, "success", { isWritten });
  }
  const failure = flow.failure[step.index];
  if (failure !== null && failure !== undefined) {
    const recovers = reachableFrom(flow, failure).some((index) => flow.isSide[index] === false);
    add(failure, "failure", { recovers });
  }
  for (const [name, kind] of CALLS) {
    const target = outline.stepByName.get(text(field(step.node, name)) ?? "");
    if (target !== undefined) add(target.index, kind);
  }
  return edges;
}

const CALLS: readonly (readonly [string, PictureEdgeKind])[] = [
  ["fallback_step", "fallback"],
  ["compensate", "compensation"],
];

// --- lanes ---------------------------------------------------------------------------------------------------------

function toLane(scope: OutlineScope, ids: readonly string[]): PictureLane {
  const owner = scope.owner;
  return {
    index: scope.index,
    kind: scope.kind,
    label: oneLine(labelOf(scope)),
    owner: owner === null ? null : (ids[owner.index] ?? null),
    steps: scope.steps.map(({ index }) => ids[index] ?? ""),
    path: scope.place.path,
  };
}

function labelOf(scope: OutlineScope): string {
  const parts = (name: string) => items(field(scope.owner?.node, name));
  // The place of a list tells which of several it is.
  const isHere = (part: Node) => field(part, "steps")?.place.start === scope.place.start;
  switch (scope.kind) {
    case "case": {
      const part = parts("cases").find(isHere);
      return `when ${shown(field(part, "when"))}`;
    }
    case "catch": {
      const part = parts("catch").find(isHere);
      const codes = namesIn(field(part, "codes")).join(", ");
      const when = shown(field(part, "when"));
      return joined(" ", "catch", codes, when === "" ? "" : `when ${when}`);
    }
    case "body":
      return "each iteration";
    case "failure":
      return "on failure";
    default:
      return scope.name;
  }
}
