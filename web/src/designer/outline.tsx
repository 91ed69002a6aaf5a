/** The steps as a tree: the canvas for those who do not look, with the same keys for the same commands. */

import { type KeyboardEvent, useRef, useState } from "react";
import type { Picture } from "../../../src/core/language/picture.ts";
import { lookOfType } from "../graph/step-types.ts";
import type { DesignerDocument } from "./document/designer-document.ts";
import { useDesigner } from "./document/use-designer.ts";

interface Row {
  readonly id: string;
  readonly label: string;
  readonly type: string | null;
  readonly level: number;
  readonly parent: string | null;
  readonly isOpen: boolean | null;
}

export function Outline({ document, open }: { readonly document: DesignerDocument; readonly open: () => void }) {
  const picture = useDesigner(document, (state) => state.picture);
  const selection = useDesigner(document, (state) => state.selection);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<string | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const rows = picture === null ? [] : rowsOf(picture, closed);
  const current = rows.find(({ id }) => id === (at ?? selection.at(-1)))?.id ?? rows[0]?.id ?? null;

  const goTo = (id: string | undefined | null, isMore = false) => {
    if (id === undefined || id === null) return;
    setAt(id);
    const row = rows.find((each) => each.id === id);
    if (row?.type !== null) document.select(isMore ? [...new Set([...selection, id])] : [id]);
    requestAnimationFrame(() => tree.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus());
  };
  const toggle = (id: string, isOpen: boolean) => {
    const next = new Set(closed);
    if (isOpen) next.delete(id);
    else next.add(id);
    setClosed(next);
  };
  const keys = (event: KeyboardEvent, row: Row) => {
    const index = rows.indexOf(row);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    switch (event.key) {
      case "ArrowDown":
        goTo(rows[index + 1]?.id, event.shiftKey);
        break;
      case "ArrowUp":
        goTo(rows[index - 1]?.id, event.shiftKey);
        break;
      case "ArrowRight":
        if (row.isOpen === false) toggle(row.id, true);
        else if (row.isOpen === true) goTo(rows[index + 1]?.id);
        break;
      case "ArrowLeft":
        if (row.isOpen === true) toggle(row.id, false);
        else goTo(row.parent);
        break;
      case "Home":
        goTo(rows[0]?.id);
        break;
      case "End":
        goTo(rows.at(-1)?.id);
        break;
      case "Enter":
        open();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={tree} role="tree" aria-label="Steps" aria-multiselectable className="mf-outline">
      {rows.map((row) => {
        const { icon: Picture, family } = lookOfType(row.type ?? "");
        return (
          <div
            key={row.id}
            role="treeitem"
            aria-level={row.level}
            aria-expanded={row.isOpen ?? undefined}
            aria-selected={selection.includes(row.id)}
            tabIndex={row.id === current ? 0 : -1}
            data-id={row.id}
            data-family={row.type === null ? undefined : family}
            className="mf-outline-row"
            style={{ paddingLeft: 8 + (row.level - 1) * 14 }}
            onClick={() => {
              if (row.isOpen !== null && row.type === null) toggle(row.id, !row.isOpen);
              goTo(row.id);
            }}
            onKeyDown={(event) => keys(event, row)}
          >
            {row.type === null ? null : <Picture size={15} stroke={1.8} aria-hidden />}
            <span className={row.type === null ? "mf-outline-lane mf-one-line" : "mf-one-line"}>{row.label}</span>
          </div>
        );
      })}
    </div>
  );
}

function rowsOf(picture: Picture, closed: ReadonlySet<string>): readonly Row[] {
  const nodes = new Map(picture.nodes.map((node) => [node.id, node]));
  const rows: Row[] = [];
  const addLane = (index: number, level: number, parent: string | null) => {
    for (const id of picture.lanes[index]?.steps ?? []) {
      const node = nodes.get(id);
      if (node === undefined) continue;
      const isOpen = node.lanes.length === 0 ? null : !closed.has(id);
      rows.push({ id, label: node.name === "" ? "no name" : node.name, type: node.type, level, parent, isOpen });
      if (isOpen === true) for (const lane of node.lanes) addLabelled(lane, level + 1, id);
    }
  };
  const addLabelled = (index: number, level: number, parent: string | null) => {
    const lane = picture.lanes[index];
    if (lane === undefined) return;
    const id = `#lane${index}`;
    rows.push({ id, label: lane.label, type: null, level, parent, isOpen: !closed.has(id) });
    if (!closed.has(id)) addLane(index, level + 1, id);
  };
  addLane(0, 1, null);
  for (const lane of picture.lanes) if (lane.owner === null && lane.index > 0) addLabelled(lane.index, 1, null);
  return rows;
}
