/**
 * What leads from one step to another, told apart by shape and by word, not by colour alone:
 * success is solid, failure dashed, fallback dotted, compensation a double line.
 */

import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo, useContext } from "react";
import type { FlowEdge } from "./flow-elements.ts";
import { CanvasModeContext } from "./step-node.tsx";

const HANDLE_RADIUS = 6;

export const EDGE_WORDS = { failure: "failure", fallback: "fallback", compensation: "compensation" } as const;

export const FlowEdgeLine = memo((props: EdgeProps<FlowEdge>) => {
  const { id, data, markerEnd, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected } = props;
  const { isFar } = useContext(CanvasModeContext);
  const edge = data?.edge;
  if (edge === undefined) return null;
  const ends = {
    // The library goes from the rim of a handle; the line goes from the border of the step.
    sourceX: edge.kind === "success" ? sourceX - HANDLE_RADIUS : sourceX,
    sourceY: edge.kind === "success" ? sourceY : sourceY - HANDLE_RADIUS,
    targetX: targetX + HANDLE_RADIUS - 1,
    targetY,
    sourcePosition,
    targetPosition,
  };
  const [path, labelX, labelY] =
    edge.kind === "success" ? getSmoothStepPath({ ...ends, borderRadius: 12 }) : getBezierPath(ends);
  const word = edge.kind === "success" ? null : EDGE_WORDS[edge.kind];
  const marker = markerEnd === undefined || isFar ? {} : { markerEnd };
  return (
    <g className="mf-edge" data-kind={edge.kind} data-selected={selected || undefined}>
      {edge.kind === "compensation" && !isFar ? (
        <>
          <path d={path} className="mf-edge-outer" />
          <path d={path} className="mf-edge-inner" />
        </>
      ) : null}
      <BaseEdge id={id} path={path} interactionWidth={18} {...marker} />
      {word === null || isFar ? null : (
        <EdgeLabelRenderer>
          <span
            className="mf-edge-label"
            data-kind={edge.kind}
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
          >
            {edge.kind === "failure" && edge.recovers ? "failure, then on" : word}
          </span>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
FlowEdgeLine.displayName = "FlowEdgeLine";
