/** One step on the canvas. From afar it is a coloured place with its state and nothing else: hundreds of them stay light. */

import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconClock,
  IconFilter,
  IconPin,
  IconRefresh,
  IconShieldHalf,
} from "@tabler/icons-react";
import { Handle, type NodeProps, Position } from "@xyflow/react";
import { createContext, memo, useContext } from "react";
import { lookOf } from "../parts/status.tsx";
import type { LaneFlowNode, LaneView, StepFlowNode } from "./flow-elements.ts";
import { lookOfType } from "./step-types.ts";

export interface CanvasMode {
  readonly isFar: boolean;
  readonly isEditable: boolean;
}

export const CanvasModeContext = createContext<CanvasMode>({ isFar: false, isEditable: false });

export const StepNode = memo(({ data, selected }: NodeProps<StepFlowNode>) => {
  const { isFar, isEditable } = useContext(CanvasModeContext);
  const { step, state, change, problem, other } = data;
  const type = lookOfType(step.type);
  return (
    <div
      className="mf-node"
      data-family={type.family}
      data-container={data.lanes.length > 0 || undefined}
      data-side={step.isSide || undefined}
      data-selected={selected || undefined}
      data-tone={state === null ? undefined : lookOf(state.status).tone}
      data-stated={state !== null || undefined}
      data-change={change ?? undefined}
      data-problem={problem ?? undefined}
      data-faded={data.isFaded || undefined}
      data-far={isFar || undefined}
      style={other === null ? undefined : { outlineColor: other.colour, outlineStyle: "solid" }}
    >
      <Handle id="in" type="target" position={Position.Left} isConnectable={isEditable} aria-hidden />
      {isFar ? <div className="mf-node-far">{data.lanes.length > 0 ? null : step.name}</div> : <Near data={data} />}
      {data.lanes.map((lane) => (
        <Lane key={lane.index} lane={lane} isFar={isFar} />
      ))}
      <Handle id="out" type="source" position={Position.Right} isConnectable={isEditable} aria-hidden />
      <Handle id="error" type="source" position={Position.Bottom} isConnectable={isEditable} aria-hidden />
      {other === null ? null : (
        <span className="mf-node-other mf-one-line" style={{ background: other.colour }}>
          {other.name}
        </span>
      )}
    </div>
  );
});
StepNode.displayName = "StepNode";

function Near({ data }: { readonly data: StepFlowNode["data"] }) {
  const { step, state, change, problem } = data;
  const { icon: Picture, label } = lookOfType(step.type);
  return (
    <div className="mf-node-head">
      <span className="mf-node-icon">
        <Picture size={20} stroke={1.7} aria-hidden />
      </span>
      <span className="mf-node-words">
        <span className="mf-node-name mf-one-line" title={step.name}>
          {step.name === "" ? "no name" : step.name}
        </span>
        <span className="mf-node-summary mf-one-line" title={step.summary}>
          {step.summary === "" ? label : step.summary}
        </span>
      </span>
      <span className="mf-node-marks">
        {state === null ? <Badges data={data} /> : <State state={state} />}
        {problem === null ? null : (
          <IconAlertTriangle size={15} aria-hidden data-tone={problem === "error" ? "bad" : "waiting"} />
        )}
      </span>
      {step.isSide ? <span className="mf-node-tag">{step.isCalled ? "called" : "side step"}</span> : null}
      {change === null ? null : <span className="mf-node-change">{change}</span>}
      {state?.progress === undefined || state.progress === null ? null : (
        <progress className="mf-node-progress" value={state.progress} max={1} aria-label="Progress" />
      )}
    </div>
  );
}

function State({ state }: { readonly state: NonNullable<StepFlowNode["data"]["state"]> }) {
  const { icon: Picture, label } = lookOf(state.status);
  const more = state.iterations ?? ((state.attempts ?? 1) > 1 ? `×${state.attempts}` : null);
  return (
    <span className="mf-node-state" title={label}>
      <Picture size={16} stroke={2.2} aria-hidden />
      {more === null ? null : <span className="mf-figures">{more}</span>}
    </span>
  );
}

function Badges({ data: { step, isPinned } }: { readonly data: StepFlowNode["data"] }) {
  return (
    <>
      {isPinned ? <Badge icon={IconPin} says="pinned data" /> : null}
      {step.when === null ? null : <Badge icon={IconFilter} says={`when ${step.when}`} />}
      {step.retry === null ? null : <Badge icon={IconRefresh} says={step.retry} />}
      {step.timeout === null ? null : <Badge icon={IconClock} says={`at most ${step.timeout}`} />}
      {step.hasBreaker ? <Badge icon={IconShieldHalf} says="circuit breaker" /> : null}
      {step.isCompensated ? <Badge icon={IconArrowBackUp} says="compensated" /> : null}
    </>
  );
}

function Badge({ icon: Picture, says }: { readonly icon: typeof IconPin; readonly says: string }) {
  return (
    <span className="mf-node-badge" title={says}>
      <Picture size={13} stroke={2} aria-hidden />
    </span>
  );
}

function Lane({ lane, isFar }: { readonly lane: LaneView; readonly isFar: boolean }) {
  const { x, y, width, height } = lane.box;
  return (
    <div className="mf-lane" data-kind={lane.kind} data-lane={lane.index} style={{ left: x, top: y, width, height }}>
      {isFar ? null : (
        <span className="mf-lane-label mf-one-line" title={lane.label}>
          {lane.label}
        </span>
      )}
      {lane.isEmpty && !isFar ? <span className="mf-lane-empty">No steps yet</span> : null}
    </div>
  );
}

/** A list of steps of the workflow as a whole: what handles its failure. */
export const LaneNode = memo(({ data: { lane } }: NodeProps<LaneFlowNode>) => (
  <div className="mf-lane mf-lane-own" data-kind={lane.kind} data-lane={lane.index}>
    <span className="mf-lane-label mf-one-line">{lane.label}</span>
  </div>
));
LaneNode.displayName = "LaneNode";
