/** A graph in a panel of a page. The library behind it is large, so it comes when the first graph is shown, and not before. */

import "./graph-view.css";
import { lazy, Suspense } from "react";
import { Loading } from "../app/page-states.tsx";
import type { WorkflowGraphProps } from "./workflow-graph.tsx";

const LazyGraph = lazy(() => import("./workflow-graph.tsx").then((file) => ({ default: file.WorkflowGraph })));

export function GraphView(props: WorkflowGraphProps) {
  return (
    <div className="mf-graph-panel">
      <Suspense fallback={<Loading what="the graph" />}>
        <LazyGraph {...props} />
      </Suspense>
    </div>
  );
}
