/**
 * Reads a JSON value of any size: a tree that is walked by arrow keys, searched, folded, and copied from. Only the rows in
 * sight exist.
 */

import "./json-viewer.css";
import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconFold, IconRoute, IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { isObject, type Json } from "../../../src/core/base/json.ts";
import { CopyButton } from "./copy-button.tsx";
import { find, type JsonRow, openDownTo, ROOT_PATH, rowsOf } from "./json-rows.ts";

interface JsonViewerProps {
  readonly value: Json;
  readonly label: string;
  /** In pixels, at most. */
  readonly heightMax?: number;
}

const ROW_HEIGHT = 24;
const OPEN_DEPTH = 3;
const OPEN_ROWS = 60;
const FOUND_MAX = 5000;
const TEXT_MAX = 240;

export function JsonViewer({ value, label, heightMax = 360 }: JsonViewerProps) {
  const [open, setOpen] = useState(() => openDownTo(value, OPEN_DEPTH, OPEN_ROWS));
  const [text, setText] = useState("");
  const [active, setActive] = useState(ROOT_PATH);
  const shown = useRef(value);
  if (shown.current !== value) shown.current = value;
  const found = useMemo(() => (text === "" ? null : find(value, text, FOUND_MAX)), [value, text]);
  const rows = useMemo(
    () => rowsOf(value, found === null ? open : new Set([...open, ...found.open])),
    [value, open, found],
  );
  const scroll = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === active),
  );
  const row = rows[at];
  const go = (index: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, index))];
    if (next === undefined) return;
    setActive(next.path);
    virtual.scrollToIndex(rows.indexOf(next));
  };
  const toggle = (path: string, isOpen: boolean) => {
    const next = new Set(open);
    if (isOpen) next.delete(path);
    else next.add(path);
    setOpen(next);
  };
  const first = found?.paths[0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is found first is gone to once, not at each change of rows.
  useEffect(() => {
    if (first !== undefined) go(rows.findIndex(({ path }) => path === first));
  }, [first]);
  const listen = (event: KeyboardEvent) => {
    if (row === undefined) return;
    const isTree = row.size !== null;
    const acts = new Map<string, () => void>([
      ["ArrowDown", () => go(at + 1)],
      ["ArrowUp", () => go(at - 1)],
      ["Home", () => go(0)],
      ["End", () => go(rows.length - 1)],
      ["ArrowRight", () => (isTree && !row.isOpen ? toggle(row.path, false) : go(at + 1))],
      [
        "ArrowLeft",
        () =>
          row.isOpen ? toggle(row.path, true) : go(rows.findLastIndex(({ depth }, i) => i < at && depth < row.depth)),
      ],
      ["Enter", () => isTree && toggle(row.path, row.isOpen)],
    ]);
    const act = acts.get(event.key);
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const jump = (step: 1 | -1) => {
    if (found === null || found.paths.length === 0) return;
    const now = found.paths.indexOf(active);
    const next = found.paths[(now + step + found.paths.length) % found.paths.length];
    go(rows.findIndex(({ path }) => path === next));
  };
  const isTree = isObject(value) || Array.isArray(value);
  return (
    <div className="mf-json">
      <div className="mf-json-bar">
        {isTree ? (
          <TextInput
            size="xs"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && jump(event.shiftKey ? -1 : 1)}
            placeholder="Search"
            aria-label={`Search in ${label}`}
            leftSection={<IconSearch size={13} aria-hidden />}
            className="mf-json-search"
          />
        ) : null}
        {found === null ? null : (
          <span role="status" className="mf-json-found">
            {found.paths.length >= FOUND_MAX ? `${FOUND_MAX} or more` : found.paths.length} found
          </span>
        )}
        <span className="mf-json-actions">
          {isTree ? (
            <Tooltip label="Fold everything">
              <ActionIcon
                variant="subtle"
                color="gray"
                size={26}
                aria-label={`Fold everything in ${label}`}
                onClick={() => {
                  setText("");
                  setActive(ROOT_PATH);
                  setOpen(new Set([ROOT_PATH]));
                }}
              >
                <IconFold size={15} aria-hidden />
              </ActionIcon>
            </Tooltip>
          ) : null}
          {row === undefined || row.path === ROOT_PATH ? null : <CopyPath path={row.path} />}
          <CopyButton
            text={() => JSON.stringify(row === undefined || row.path === ROOT_PATH ? value : row.value, null, 2)}
            label={row === undefined || row.path === ROOT_PATH ? `Copy ${label}` : `Copy the value of ${row.path}`}
          />
        </span>
      </div>
      <div ref={scroll} className="mf-json-scroll" style={{ maxHeight: heightMax }}>
        <div
          role="tree"
          aria-label={label}
          tabIndex={0}
          aria-activedescendant={row === undefined ? undefined : `${id}-${at}`}
          onKeyDown={listen}
          className="mf-json-tree"
          style={{ height: virtual.getTotalSize() }}
        >
          {virtual.getVirtualItems().map((item) => {
            const shownRow = rows[item.index];
            return shownRow === undefined ? null : (
              <Row
                key={item.key}
                row={shownRow}
                id={`${id}-${item.index}`}
                top={item.start}
                isActive={item.index === at}
                isFound={found?.paths.includes(shownRow.path) ?? false}
                choose={() => setActive(shownRow.path)}
                toggle={() => toggle(shownRow.path, shownRow.isOpen)}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function CopyPath({ path }: { readonly path: string }) {
  return (
    <span className="mf-json-path">
      <IconRoute size={13} aria-hidden />
      <CopyButton text={() => path} label={`Copy the path ${path}`} />
    </span>
  );
}

interface RowProps {
  readonly row: JsonRow;
  readonly id: string;
  readonly top: number;
  readonly isActive: boolean;
  readonly isFound: boolean;
  readonly choose: () => void;
  readonly toggle: () => void;
}

function Row({ row, id, top, isActive, isFound, choose, toggle }: RowProps) {
  const canOpen = row.size !== null && row.size > 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it has the keyboard and says which row is active.
    <div
      role="treeitem"
      id={id}
      tabIndex={-1}
      aria-level={row.depth + 1}
      aria-selected={isActive}
      aria-expanded={canOpen ? row.isOpen : undefined}
      data-found={isFound || undefined}
      className="mf-json-row"
      style={{ transform: `translateY(${top}px)`, paddingInlineStart: `${row.depth * 16 + 4}px` }}
      onClick={() => {
        choose();
        if (canOpen) toggle();
      }}
    >
      <span className="mf-json-fold" aria-hidden>
        {canOpen ? row.isOpen ? <IconChevronDown size={13} /> : <IconChevronRight size={13} /> : null}
      </span>
      {row.name === null ? null : <span className="mf-json-name">{row.name}:&nbsp;</span>}
      <Value row={row} />
    </div>
  );
}

function Value({ row: { value, size, isOpen } }: { readonly row: JsonRow }) {
  if (size !== null) {
    const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    const inside = size === 0 ? "" : isOpen ? "" : "…";
    return (
      <span className="mf-json-size">
        {isOpen ? left : `${left}${inside}${right}`}{" "}
        {size === 0 ? "" : `${size} ${Array.isArray(value) ? "items" : "members"}`}
      </span>
    );
  }
  if (typeof value === "string") {
    const text = JSON.stringify(value.length > TEXT_MAX ? value.slice(0, TEXT_MAX) : value);
    return (
      <span
        className="mf-json-string mf-one-line"
        title={value.length > TEXT_MAX ? `${value.length} characters` : value}
      >
        {text}
        {value.length > TEXT_MAX ? ` … ${value.length} characters` : ""}
      </span>
    );
  }
  return <span className="mf-json-word">{String(value)}</span>;
}
