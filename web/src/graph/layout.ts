/**
 * Where each step stands: from left to right, each list laid out for itself, the lists of a container below one another.
 *
 *     lane ──dagre──► its steps   (a step that contains lanes is laid out first, and is as large as they are)
 *
 * Pure, so that it runs in a worker and in tests. A place that somebody chose goes before a place that was worked out.
 */

import { Graph, layout as runDagre } from "@dagrejs/dagre";
import type { Picture, PictureLane, PictureNode } from "../../../src/core/language/picture.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** By id, measured from the top left of what contains it. */
  readonly nodes: Readonly<Record<string, Box>>;
  /** By number of the lane, measured from its container. */
  readonly lanes: Readonly<Record<number, Box>>;
  readonly width: number;
  readonly height: number;
}

/** Places that people chose, measured from where the steps of their list begin (`originOf`). */
export type Positions = Readonly<Record<string, Point>>;

export const NODE_WIDTH = 224;
export const NODE_HEIGHT = 64;
export const HEAD_HEIGHT = 56;
const LANE_HEAD = 26;
const LANE_PAD = 16;
const LANE_GAP = 10;
const LANE_EMPTY_HEIGHT = 56;
const CONTAINER_PAD = 10;
const RANK_GAP = 72;
const NODE_GAP = 30;

/** Where the steps of a lane begin, measured as their boxes are. */
export function originOf(layout: Layout, lane: number): Point {
  const box = layout.lanes[lane];
  return box === undefined ? { x: 0, y: 0 } : { x: box.x + LANE_PAD, y: box.y + LANE_HEAD };
}

export function layoutOf(picture: Picture, positions: Positions = {}): Layout {
  const nodes: Record<string, Box> = {};
  const lanes: Record<number, Box> = {};
  const nodeOf = new Map(picture.nodes.map((node) => [node.id, node]));
  const edgesOf = edgesByLane(picture, nodeOf);

  const placeLane = (lane: PictureLane): { readonly width: number; readonly height: number } => {
    const members = lane.steps.flatMap((id) => nodeOf.get(id) ?? []);
    const sizes = new Map(members.map((node) => [node.id, placeContainer(node)]));
    const places = placeMembers(members, sizes, edgesOf.get(lane.index) ?? []);
    let width = 0;
    let height = 0;
    for (const node of members) {
      const size = sizes.get(node.id) ?? { width: NODE_WIDTH, height: NODE_HEIGHT };
      const at = chosen(positions[node.id], lane) ?? places.get(node.id) ?? { x: 0, y: 0 };
      nodes[node.id] = { ...at, ...size };
      width = Math.max(width, at.x + size.width);
      height = Math.max(height, at.y + size.height);
    }
    return { width, height };
  };

  const placeContainer = (node: PictureNode): { readonly width: number; readonly height: number } => {
    if (node.lanes.length === 0) return { width: NODE_WIDTH, height: NODE_HEIGHT };
    const inner = node.lanes.flatMap((index) => picture.lanes[index] ?? []);
    return stack(inner, HEAD_HEIGHT);
  };

  /** Lanes below one another, as wide as the widest; what they hold is moved into them. */
  const stack = (inner: readonly PictureLane[], top: number): { readonly width: number; readonly height: number } => {
    const sizes = inner.map(placeLane);
    const width = Math.max(NODE_WIDTH, ...sizes.map((size) => size.width)) + 2 * LANE_PAD;
    let y = top;
    inner.forEach((lane, i) => {
      const height = LANE_HEAD + Math.max(LANE_EMPTY_HEIGHT, sizes[i]?.height ?? 0) + LANE_PAD;
      lanes[lane.index] = { x: CONTAINER_PAD, y, width, height };
      for (const id of lane.steps) {
        const box = nodes[id];
        if (box !== undefined) nodes[id] = { ...box, x: box.x + CONTAINER_PAD + LANE_PAD, y: box.y + y + LANE_HEAD };
      }
      y += height + LANE_GAP;
    });
    return { width: width + 2 * CONTAINER_PAD, height: y - LANE_GAP + CONTAINER_PAD };
  };

  const [root, ...others] = picture.lanes.filter(({ owner }) => owner === null);
  const size = root === undefined ? { width: 0, height: 0 } : placeLane(root);
  // Handlers of the whole workflow stand below it.
  let bottom = size.height + 48;
  let width = size.width;
  for (const lane of others) {
    const inner = placeLane(lane);
    const height = LANE_HEAD + Math.max(LANE_EMPTY_HEIGHT, inner.height) + LANE_PAD;
    lanes[lane.index] = { x: 0, y: bottom, width: Math.max(NODE_WIDTH, inner.width) + 2 * LANE_PAD, height };
    for (const id of lane.steps) {
      const box = nodes[id];
      if (box !== undefined) nodes[id] = { ...box, x: box.x + LANE_PAD, y: box.y + bottom + LANE_HEAD };
    }
    bottom += height + LANE_GAP;
    width = Math.max(width, inner.width + 2 * LANE_PAD);
  }
  return { nodes, lanes, width, height: others.length === 0 ? size.height : bottom - LANE_GAP };
}

/** A lane has no room left of and above where it begins; the canvas has. */
function chosen(at: Point | undefined, lane: PictureLane): Point | undefined {
  if (at === undefined || lane.index === 0) return at;
  return { x: Math.max(0, at.x), y: Math.max(0, at.y) };
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly weight: number;
}

/** Only what joins steps of one lane decides where they stand. */
function edgesByLane(picture: Picture, nodeOf: ReadonlyMap<string, PictureNode>): ReadonlyMap<number, readonly Line[]> {
  const found = new Map<number, Line[]>();
  for (const { from, to, kind } of picture.edges) {
    const lane = nodeOf.get(from)?.lane;
    if (lane === undefined || nodeOf.get(to)?.lane !== lane || from === to) continue;
    const list = found.get(lane) ?? [];
    list.push({ from, to, weight: kind === "success" ? 4 : 1 });
    found.set(lane, list);
  }
  return found;
}

function placeMembers(
  members: readonly PictureNode[],
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
  lines: readonly Line[],
): ReadonlyMap<string, Point> {
  const graph = new Graph<object, { width: number; height: number; x?: number; y?: number }, { weight: number }>();
  graph.setGraph({ rankdir: "LR", ranksep: RANK_GAP, nodesep: NODE_GAP, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({ weight: 1 }));
  for (const { id } of members) graph.setNode(id, { ...(sizes.get(id) ?? { width: NODE_WIDTH, height: NODE_HEIGHT }) });
  for (const { from, to, weight } of lines) graph.setEdge(from, to, { weight });
  runDagre(graph);
  const places = new Map<string, Point>();
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  for (const { id } of members) {
    const { x = 0, y = 0, width, height } = graph.node(id);
    const at = { x: Math.round(x - width / 2), y: Math.round(y - height / 2) };
    places.set(id, at);
    left = Math.min(left, at.x);
    top = Math.min(top, at.y);
  }
  for (const [id, { x, y }] of places) places.set(id, { x: x - left, y: y - top });
  return places;
}
