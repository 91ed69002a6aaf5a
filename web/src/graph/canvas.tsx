/** The canvas: what is drawn of a picture, how one moves about it, and by which keys. */

import "@xyflow/react/dist/base.css";
import "./graph.css";
import { IconFocusCentered } from "@tabler/icons-react";
import {
  Background,
  type Connection,
  ControlButton,
  Controls,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  type ReactFlowState,
  useNodesState,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import {
  type KeyboardEvent as ReactKeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Picture } from "../../../src/core/language/picture.ts";
import { absolutePlace } from "./canvas-places.ts";
import { FlowEdgeLine } from "./flow-edge.tsx";
import { type FlowNode, type NodeCache, toFlowEdges, toFlowNodes } from "./flow-elements.ts";
import type { Layout, Point, Positions } from "./layout.ts";
import type { Marks } from "./marks.ts";
import { type CanvasMode, CanvasModeContext, LaneNode, StepNode } from "./step-node.tsx";
import { type LaidOut, useLayout } from "./use-layout.ts";
import { type Direction, walk } from "./walk.ts";

/** What the designer does with the canvas; without it nothing can be moved. */
export interface Editing {
  readonly onMoved: (ids: readonly string[], at: (id: string) => Point | null, layout: Layout) => void;
  readonly onConnect: (from: string, to: string, handle: string) => void;
  /** `edge` is the one it was dropped on. */
  readonly onDrop: (type: string, at: Point, layout: Layout, edge: string | null) => void;
  readonly onEdgeSelect?: (edge: string | null) => void;
}

export interface CanvasProps {
  readonly picture: Picture;
  /** What the canvas is a drawing of. */
  readonly label: string;
  readonly marks?: Marks;
  readonly positions?: Positions;
  readonly selection?: readonly string[];
  readonly onSelect?: (ids: readonly string[]) => void;
  /** Enter or a double click on a step. */
  readonly onOpen?: (id: string) => void;
  /** The text has moved on and cannot be drawn: this is how it last could. */
  readonly isDimmed?: boolean;
  readonly editing?: Editing;
  readonly hasMinimap?: boolean;
  readonly selectedEdge?: string | null;
  /** Told where the pointer is, for those who look on. */
  readonly onPointer?: (at: Point) => void;
  /** What else stands on the canvas: cursors, notes. */
  readonly children?: ReactNode;
}

const NODE_TYPES = { step: StepNode, lane: LaneNode };
const EDGE_TYPES = { flow: FlowEdgeLine };
const NO_MARKS: Marks = {};
const NO_POSITIONS: Positions = {};
const NOBODY: readonly string[] = [];
/** Below this the words of a node are smaller than anybody reads. */
const FAR_ZOOM = 0.42;
const FIT = { padding: 0.12, maxZoom: 1.1 };
export const STEP_TYPE_DATA = "application/x-magicflow-step";

export function Canvas(props: CanvasProps) {
  const laidOut = useLayout(props.picture, props.positions ?? NO_POSITIONS);
  if (laidOut === null) return <div className="mf-graph" aria-busy />;
  return (
    <ReactFlowProvider>
      <Drawn {...props} laidOut={laidOut} />
    </ReactFlowProvider>
  );
}

const isFarAway = ({ transform }: ReactFlowState) => transform[2] < FAR_ZOOM;

function Drawn({ laidOut, label, marks = NO_MARKS, editing, isDimmed, hasMinimap = true, ...props }: DrawnProps) {
  const { picture, layout } = laidOut;
  const { children, onOpen, onPointer, selectedEdge } = props;
  const isFar = useStore(isFarAway);
  const isEditable = editing !== undefined;
  const mode = useMemo<CanvasMode>(() => ({ isFar, isEditable }), [isFar, isEditable]);
  const cache = useRef<NodeCache>(new Map());
  const drawn = useMemo(() => toFlowNodes(picture, layout, marks, cache.current), [picture, layout, marks]);
  const edges = useMemo(
    () => toFlowEdges(picture, marks).map((edge) => (edge.id === selectedEdge ? { ...edge, selected: true } : edge)),
    [picture, marks, selectedEdge],
  );
  const [selection, select] = useSelection(props.selection, props.onSelect);
  const [nodes, setNodes, applyChanges] = useNodesState<FlowNode>([...drawn]);
  useEffect(() => {
    const chosen = new Set(selection);
    setNodes(drawn.map((node) => (chosen.has(node.id) ? { ...node, selected: true } : node)));
  }, [drawn, selection, setNodes]);

  const change = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      applyChanges(changes.filter(({ type }) => type !== "select"));
      const next = new Set(selection);
      let hasChanged = false;
      for (const each of changes) {
        if (each.type !== "select") continue;
        hasChanged = true;
        if (each.selected) next.add(each.id);
        else next.delete(each.id);
      }
      if (hasChanged) select([...next]);
    },
    [applyChanges, selection, select],
  );

  const flow = useReactFlow<FlowNode>();
  const root = useRef<HTMLElement>(null);
  const focusOn = useFocus(root, laidOut);
  // What was chosen elsewhere (in the outline, by adding it) comes into sight.
  const last = selection.at(-1) ?? null;
  const revealed = useRef<string | null>(null);
  useEffect(() => {
    if (last === revealed.current || (last !== null && layout.nodes[last] === undefined)) return;
    revealed.current = last;
    if (last !== null) focusOn(last, false);
  }, [last, layout, focusOn]);
  const keys = (event: ReactKeyboardEvent) => {
    const id =
      event.target instanceof HTMLElement
        ? (event.target.closest<HTMLElement>(".react-flow__node")?.dataset["id"] ?? null)
        : null;
    if (id === null && event.target !== event.currentTarget) return;
    if (event.key === "1") void flow.fitView(FIT);
    else if (event.key === "0") void flow.zoomTo(1);
    else if (event.key === "+" || event.key === "=") void flow.zoomIn();
    else if (event.key === "-") void flow.zoomOut();
    else if (event.key === "Enter" && id !== null) {
      select([id]);
      onOpen?.(id);
    } else {
      const direction = directionOf(event);
      if (direction === null) return;
      const to = walk(picture, layout, id ?? selection[0] ?? null, direction);
      if (to !== null) {
        select(event.shiftKey ? [...new Set([...selection, to])] : [to]);
        focusOn(to);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <CanvasModeContext value={mode}>
      <section
        ref={root}
        className="mf-graph"
        data-dimmed={isDimmed || undefined}
        data-many={picture.nodes.length > 200 || undefined}
        aria-label={label}
        aria-roledescription="graph of a workflow"
        tabIndex={0}
        onKeyDown={keys}
        onDragOver={(event) => {
          if (!isEditable || !event.dataTransfer.types.includes(STEP_TYPE_DATA)) return;
          event.preventDefault();
          event.dataTransfer.dropEffect = "copy";
        }}
        onDrop={(event) => {
          const type = event.dataTransfer.getData(STEP_TYPE_DATA);
          if (type === "" || editing === undefined) return;
          event.preventDefault();
          const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
          editing.onDrop(type, at, layout, edgeAt(event.clientX, event.clientY));
        }}
        onPointerMove={
          onPointer === undefined
            ? undefined
            : (event) => onPointer(flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
        }
      >
        <ReactFlow<FlowNode, (typeof edges)[number]>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={change}
          onNodeDoubleClick={(_, node) => onOpen?.(node.id)}
          onNodeDragStop={(_, _node, moved) =>
            editing?.onMoved(
              moved.map(({ id }) => id),
              (id) => absoluteOf(flow.getInternalNode(id)),
              layout,
            )
          }
          onConnect={({ source, target, sourceHandle }: Connection) =>
            editing?.onConnect(source, target, sourceHandle ?? "out")
          }
          onEdgeClick={(_, edge) => editing?.onEdgeSelect?.(edge.id)}
          onPaneClick={() => {
            select([]);
            editing?.onEdgeSelect?.(null);
          }}
          nodesDraggable={isEditable}
          nodesConnectable={isEditable}
          edgesFocusable={false}
          elementsSelectable
          disableKeyboardA11y
          onlyRenderVisibleElements
          deleteKeyCode={null}
          selectionKeyCode="Shift"
          multiSelectionKeyCode={["Control", "Meta"]}
          panActivationKeyCode={null}
          minZoom={0.02}
          maxZoom={2}
          fitView
          fitViewOptions={FIT}
          nodeDragThreshold={4}
        >
          <Background gap={22} size={1.2} />
          <Controls showInteractive={false} showFitView={false} orientation="horizontal">
            <ControlButton onClick={() => void flow.fitView(FIT)} title="Show all (1)" aria-label="Show all">
              <IconFocusCentered aria-hidden />
            </ControlButton>
          </Controls>
          {hasMinimap && picture.nodes.length > 6 ? (
            <MiniMap pannable zoomable nodeClassName={minimapClass} ariaLabel="Overview" className="mf-minimap" />
          ) : null}
          {children}
        </ReactFlow>
      </section>
    </CanvasModeContext>
  );
}

interface DrawnProps extends Omit<CanvasProps, "picture"> {
  readonly laidOut: LaidOut;
}

function minimapClass(node: FlowNode): string {
  if (node.type === "lane") return "mf-mini-lane";
  return node.data.lanes.length > 0 ? "mf-mini-container" : "mf-mini-step";
}

function absoluteOf(node: { readonly internals: { readonly positionAbsolute: Point } } | undefined): Point | null {
  return node?.internals.positionAbsolute ?? null;
}

function edgeAt(x: number, y: number): string | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const edge = element.closest(".react-flow__edge");
    if (edge !== null) return edge.getAttribute("data-id");
  }
  return null;
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowRight: "next",
  ArrowLeft: "previous",
  ArrowUp: "up",
  ArrowDown: "down",
};

function directionOf({ key, altKey, ctrlKey, metaKey }: ReactKeyboardEvent): Direction | null {
  if (ctrlKey || metaKey) return null;
  if (altKey) return key === "ArrowDown" ? "in" : key === "ArrowUp" ? "out" : null;
  return DIRECTIONS[key] ?? null;
}

/** The page's selection where it keeps one, else one of our own. */
function useSelection(
  given: readonly string[] | undefined,
  onSelect: ((ids: readonly string[]) => void) | undefined,
): readonly [readonly string[], (ids: readonly string[]) => void] {
  const [own, setOwn] = useState<readonly string[]>(NOBODY);
  const select = useCallback(
    (ids: readonly string[]) => {
      setOwn(ids);
      onSelect?.(ids);
    },
    [onSelect],
  );
  return [given ?? own, select];
}

/** Brings a step into sight, and the keyboard to it once it is there. */
function useFocus(
  root: { readonly current: HTMLElement | null },
  { layout, picture }: LaidOut,
): (id: string, hasFocus?: boolean) => void {
  const flow = useReactFlow<FlowNode>();
  return useCallback(
    (id: string, hasFocus = true) => {
      const at = absolutePlace(id, layout, picture);
      const find = () => root.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
      const focus = () => {
        if (hasFocus) find()?.focus({ preventScroll: true });
      };
      const screen = at === null ? null : flow.flowToScreenPosition(at);
      const frame = root.current?.getBoundingClientRect();
      const isSeen =
        screen !== null &&
        frame !== undefined &&
        screen.x + 112 * flow.getZoom() > frame.left &&
        screen.y + 32 * flow.getZoom() > frame.top &&
        screen.x + 112 * flow.getZoom() < frame.right &&
        screen.y + 32 * flow.getZoom() < frame.bottom;
      if (at !== null && !isSeen) {
        const zoom = Math.max(flow.getZoom(), 0.6);
        void flow.setCenter(at.x + 112, at.y + 32, { zoom }).then(() => requestAnimationFrame(focus));
        return;
      }
      requestAnimationFrame(focus);
    },
    [root, layout, picture, flow],
  );
}
