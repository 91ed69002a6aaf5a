/** The workflow of this version drawn, with the state of every step at the moment that is shown. */

import { useMemo } from "react";
import { WorkflowGraph } from "../graph/workflow-graph.tsx";
import { diagramStates, placeOfStep } from "./diagram-states.ts";
import type { Leases } from "./leases.ts";
import type { Run } from "./use-run.ts";

const MINIMAP_STEPS = 20;

interface DiagramTabProps {
  readonly run: Run;
  readonly text: string;
  readonly seq: number;
  readonly leases: Leases;
  readonly chosen: string | undefined;
  readonly choose: (path: string | undefined) => void;
}

export function DiagramTab({ run, text, seq, leases, chosen, choose }: DiagramTabProps) {
  const { model, turn } = run;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const marks = useMemo(() => ({ states: diagramStates(model, seq, leases) }), [model, turn, seq, leases]);
  const name = chosen === undefined ? undefined : (model.stepAt(chosen, model.lastSeq)?.name ?? chosen);
  const selection = useMemo(() => (name === undefined ? [] : [name]), [name]);
  return (
    <div className="mf-panel mf-run-diagram">
      <WorkflowGraph
        text={text}
        label={`${run.facts.workflow_name}, as this execution stands`}
        marks={marks}
        hasMinimap={(model.definition?.steps.length ?? 0) > MINIMAP_STEPS}
        selection={selection}
        onSelect={([first]) => {
          if (first !== name) choose(first === undefined ? undefined : placeOfStep(model, seq, first));
        }}
      />
    </div>
  );
}
