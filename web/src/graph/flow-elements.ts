/** What the drawing library is given: a node for each step, with its place, and an edge for each that leads on. */

import { type Edge, MarkerType, type Node, type NodeHandle, Position } from "@xyflow/react";
import type { Picture, PictureEdge, PictureNode } from "../../../src/core/language/picture.ts";
import { type Box, HEAD_HEIGHT, type Layout, NODE_HEIGHT } from "./layout.ts";
import type { Marks, StepChange, StepProblem, StepState } from "./marks.ts";
import { spokenName } from "./spoken.ts";

export interface LaneView {
  readonly index: number;
  readonly label: string;
  readonly kind: string;
  readonly box: Box;
  readonly isEmpty: boolean;
}

export interface StepData extends Record<string, unknown> {
  readonly step: PictureNode;
  readonly lanes: readonly LaneView[];
  readonly state: StepState | null;
  readonly change: StepChange | null;
  readonly problem: StepProblem | null;
  readonly other: { readonly name: string; readonly colour: string } | null;
  readonly isPinned: boolean;
  readonly isFaded: boolean;
}

export type StepFlowNode = Node<StepData, "step">;
export type LaneFlowNode = Node<{ readonly lane: LaneView }, "lane">;
export type FlowNode = StepFlowNode | LaneFlowNode;
export type FlowEdge = Edge<{ readonly edge: PictureEdge }, "flow">;

/** Nodes of the last time, so that what has not changed stays the same object and is not drawn again. */
export type NodeCache = Map<string, { readonly key: string; readonly node: FlowNode }>;

export function toFlowNodes(picture: Picture, layout: Layout, marks: Marks, cache: NodeCache): readonly FlowNode[] {
  const needle = (marks.search ?? "").trim().toLowerCase();
  // What contains stands before what it contains, in the text as the library wants it.
  const steps = picture.nodes.flatMap((step): readonly FlowNode[] => {
    const box = layout.nodes[step.id];
    if (box === undefined) return [];
    const parent = picture.lanes[step.lane]?.owner ?? null;
    const data: StepData = {
      step,
      lanes: step.lanes.flatMap((index) => laneView(picture, layout, index)),
      state: marks.states?.get(step.id) ?? null,
      change: marks.changes?.get(step.id) ?? null,
      problem: marks.problems?.get(step.id) ?? null,
      other: marks.others?.get(step.id) ?? null,
      isPinned: marks.pinned?.has(step.id) === true,
      isFaded: needle !== "" && !`${step.name} ${step.type} ${step.summary}`.toLowerCase().includes(needle),
    };
    const ariaLabel = spokenName(picture, step, data.state, data.problem);
    const key = JSON.stringify([box, parent, { ...data, step: withoutPlace(step) }, ariaLabel]);
    const cached = cache.get(step.id);
    if (cached?.key === key) return [cached.node];
    const node: StepFlowNode = {
      id: step.id,
      type: "step",
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      // Known, so that all are shown at first, and not only those that were in sight to be measured.
      measured: { width: box.width, height: box.height },
      data,
      ariaLabel,
      handles: handlesOf(box, step.lanes.length > 0),
      ...(parent === null ? {} : { parentId: parent }),
    };
    cache.set(step.id, { key, node });
    return [node];
  });
  const handlers = picture.lanes.filter(({ owner, index }) => owner === null && index > 0);
  const lanes = handlers.flatMap(({ index }) => laneView(picture, layout, index)).map(toLaneNode);
  return [...lanes, ...steps];
}

function toLaneNode(lane: LaneView): LaneFlowNode {
  const { x, y, width, height } = lane.box;
  return {
    id: `#lane${lane.index}`,
    type: "lane",
    position: { x, y },
    width,
    height,
    measured: { width, height },
    data: { lane },
    selectable: false,
    draggable: false,
    focusable: false,
    zIndex: -1,
  };
}

function laneView(picture: Picture, layout: Layout, index: number): readonly LaneView[] {
  const lane = picture.lanes[index];
  const box = layout.lanes[index];
  if (lane === undefined || box === undefined) return [];
  return [{ index, label: lane.label, kind: lane.kind, box, isEmpty: lane.steps.length === 0 }];
}

/** A letter typed above moves every step below; that alone draws nothing anew. */
function withoutPlace({ start: _start, end: _end, ...step }: PictureNode): object {
  return step;
}

/** Given, and not measured: an edge to a step that is out of sight is drawn as well. */
function handlesOf({ width, height }: Box, isContainer: boolean): NodeHandle[] {
  const middle = (isContainer ? HEAD_HEIGHT : NODE_HEIGHT) / 2;
  const size = { width: 12, height: 12 };
  return [
    { id: "in", type: "target", position: Position.Left, x: -6, y: middle - 6, ...size },
    { id: "out", type: "source", position: Position.Right, x: width - 6, y: middle - 6, ...size },
    { id: "error", type: "source", position: Position.Bottom, x: Math.min(width / 2, 112) - 6, y: height - 6, ...size },
  ];
}

const MARKERS = { success: "var(--mf-edge)", failure: "var(--mf-bad)", fallback: "var(--mf-waiting)" } as const;

export function toFlowEdges(picture: Picture, marks: Marks): readonly FlowEdge[] {
  const known = new Set(picture.nodes.map(({ id }) => id));
  return picture.edges.flatMap((edge): readonly FlowEdge[] => {
    if (!known.has(edge.from) || !known.has(edge.to)) return [];
    const colour = edge.kind === "compensation" ? "var(--mf-undone)" : MARKERS[edge.kind];
    const isTaken = marks.states === undefined ? null : isTakenBy(edge, marks.states.get(edge.from) ?? null);
    return [
      {
        id: edge.id,
        type: "flow",
        source: edge.from,
        target: edge.to,
        sourceHandle: edge.kind === "success" ? "out" : "error",
        targetHandle: "in",
        data: { edge },
        markerEnd: { type: MarkerType.ArrowClosed, color: colour, width: 16, height: 16 },
        ariaLabel: `${edge.from} ${edge.kind} ${edge.to}`,
        ...(isTaken === false ? { className: "mf-edge-idle" } : {}),
        focusable: false,
      },
    ];
  });
}

const TAKES_SUCCESS: ReadonlySet<StepState["status"]> = new Set(["completed", "skipped", "compensated"]);

function isTakenBy(edge: PictureEdge, state: StepState | null): boolean {
  if (state === null) return false;
  if (edge.kind === "compensation") return state.status === "compensated";
  if (edge.kind === "success") return TAKES_SUCCESS.has(state.status);
  return state.status === "failed";
}
