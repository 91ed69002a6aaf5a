/**
 * A workflow drawn, from its text: steps in their lanes, what leads where, and whatever is laid over them.
 *
 *     <WorkflowGraph text={yaml} label="order-processing" marks={{ states }} onSelect={show} />
 *
 * The designer, runs, versions and templates all look at workflows through this one component.
 */

import { useMemo } from "react";
import { pictureOf } from "../../../src/core/language/picture.ts";
import { Canvas, type CanvasProps } from "./canvas.tsx";

export interface WorkflowGraphProps extends Omit<CanvasProps, "picture"> {
  readonly text: string;
}

export function WorkflowGraph({ text, ...rest }: WorkflowGraphProps) {
  const picture = useMemo(() => pictureOf(text), [text]);
  if (picture === null) {
    return (
      <p className="mf-graph-none" role="status">
        Expected a workflow that can be drawn, but its text cannot be read.
      </p>
    );
  }
  return <Canvas picture={picture} {...rest} />;
}
