/** The designer itself: palette and outline at the left, the canvas, and at the right the step, the text or what is wrong. */

import "./designer.css";
import { ActionIcon, Alert, Badge, Button, Group, Menu, Tabs, Text, TextInput, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconDotsVertical,
  IconLayoutDistributeVertical,
  IconPlayerPlay,
  IconSearch,
  IconUpload,
} from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Diagnostic } from "../../../src/core/language/diagnostics.ts";
import type { ShareAccess } from "../../../src/core/protocol/drafts.ts";
import { createShare, removeDraft } from "../api/drafts.ts";
import { useAnnounce } from "../app/announcer.tsx";
import { useCommands } from "../app/commands.tsx";
import { isTyping } from "../app/go-keys.ts";
import { Loading } from "../app/page-states.tsx";
import { Canvas, type Editing } from "../graph/canvas.tsx";
import { inLane, laneAt } from "../graph/canvas-places.ts";
import type { Layout, Point } from "../graph/layout.ts";
import { NODE_HEIGHT, NODE_WIDTH } from "../graph/layout.ts";
import type { Marks, StepProblem } from "../graph/marks.ts";
import { SplitPane } from "../parts/split-pane.tsx";
import { type Actions, createActions } from "./actions.ts";
import type { DraftBase } from "./designer-page.tsx";
import { AddDialog, ConnectDialog, MoveDialog } from "./dialogs.tsx";
import type { DesignerDocument } from "./document/designer-document.ts";
import type { LiveDraft, LiveState } from "./document/live-draft.ts";
import { colourOf, ownName, usePeople } from "./document/presence.ts";
import { useDesigner } from "./document/use-designer.ts";
import { savePng, saveSvg, saveYaml } from "./export.ts";
import { Notes } from "./notes.tsx";
import { Outline } from "./outline.tsx";
import { Palette } from "./palette.tsx";
import { Problems } from "./problems.tsx";
import { Properties } from "./properties.tsx";
import { PublishDialog } from "./publish-dialog.tsx";

const YamlPane = lazy(() => import("./yaml-pane.tsx"));

export interface WorkbenchProps {
  readonly name: string;
  readonly document: DesignerDocument;
  readonly draftId: string;
  readonly live: LiveDraft;
  readonly published: DraftBase | null;
  readonly isForReading: boolean;
}

type Dialog = { readonly kind: "connect" | "move"; readonly id: string } | { readonly kind: "add" | "publish" } | null;
type SideTab = "step" | "yaml" | "problems";

export function Workbench({ name, document, draftId, live, published, isForReading }: WorkbenchProps) {
  const { step }: { readonly step?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const liveState = useSyncExternalStore(live.subscribe, () => live.state);
  const isReadOnly = isNarrow || isForReading || !liveState.canEdit || liveState.refusal !== null;
  const people = usePeople(live.awareness);
  const say = useAnnounce();
  const actions = useMemo(() => createActions(document, say), [document, say]);
  const [base, setBase] = useState(published);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [tab, setTab] = useState<SideTab>("step");
  const [search, setSearch] = useState("");
  const [edge, setEdge] = useState<string | null>(null);
  const [jump, setJump] = useState<{ readonly offset: number; readonly turn: number } | null>(null);
  const picture = useDesigner(document, (state) => state.picture);
  const text = useDesigner(document, (state) => state.text);
  const selection = useDesigner(document, (state) => state.selection);
  const diagnostics = useDesigner(document, (state) => state.diagnostics);
  const isBroken = useDesigner(document, (state) => state.isBroken);
  const positions = useDesigner(document, (state) => state.positions);
  const canUndo = useDesigner(document, (state) => state.canUndo);
  const canRedo = useDesigner(document, (state) => state.canRedo);
  const chosen = selection.at(-1) ?? null;
  const isChanged = base === null || text !== base.text;

  useEffect(() => document.check(), [document]);
  // The address names the step, so that a link opens on it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the address said at first.
  useEffect(() => {
    if (step !== undefined) document.select([step]);
  }, [document]);
  useEffect(() => {
    void navigate({
      to: ".",
      search: ({ step: _before, ...rest }: Record<string, unknown>) =>
        chosen === null ? rest : { ...rest, step: chosen },
      replace: true,
    });
  }, [chosen, navigate]);
  // Only a new choice moves the text, not each letter that moves the step.
  useEffect(() => {
    const node = document.state.picture?.nodes.find(({ id }) => id === chosen);
    if (node !== undefined) setJump((before) => ({ offset: node.start, turn: (before?.turn ?? 0) + 1 }));
  }, [chosen, document]);

  const marks = useMemo<Marks>(
    () => ({
      problems: problemsOf(diagnostics),
      search,
      others: new Map(people.flatMap((person) => person.selection.map((id) => [id, person] as const))),
    }),
    [diagnostics, search, people],
  );
  useEffect(() => {
    const { clientID } = live.awareness;
    live.awareness.setLocalStateField("user", { name: ownName(clientID), color: colourOf(clientID) });
  }, [live]);
  useEffect(() => live.awareness.setLocalStateField("selection", selection), [live, selection]);
  const editing = useMemo(
    () => (isReadOnly || isBroken ? undefined : editingOf(document, actions, setEdge)),
    [document, actions, isReadOnly, isBroken],
  );
  const share = (access: ShareAccess) => {
    createShare(draftId, access)
      .then(({ url = "" }) => navigator.clipboard.writeText(url))
      .then(() =>
        say(access === "read" ? "A link for reading is on the clipboard." : "A link for editing is on the clipboard."),
      )
      .catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  };
  const run = () => {
    if (isChanged) setDialog({ kind: "publish" });
    else
      void navigate({ to: "/workflows/$workflow", params: { workflow: picture?.name ?? name }, search: { run: true } });
  };
  const openProblem = (diagnostic: Diagnostic) => {
    const offset = offsetOf(text, diagnostic.line, diagnostic.column);
    if (diagnostic.step !== undefined) document.select([diagnostic.step]);
    setTab("yaml");
    setJump((before) => ({ offset, turn: (before?.turn ?? 0) + 1 }));
  };
  const commands = useMemo(() => commandsOf(actions, document, setDialog), [actions, document]);
  useCommands("Designer", commands);
  useKeys(isReadOnly, (id) => {
    if (id === "remove" && selection.length === 0 && edge !== null) {
      actions.disconnect(edge);
      setEdge(null);
    } else commands.find((command) => command.id === id)?.run();
  });
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;

  return (
    <div className="mf-designer">
      <header className="mf-designer-bar">
        <h1 className="mf-one-line">{picture?.name === undefined || picture.name === "" ? name : picture.name}</h1>
        <Badge variant="light" tt="none" color={isChanged ? "violet" : "gray"}>
          {base === null ? "new" : isChanged ? `changed since ${base.version}` : `as ${base.version}`}
        </Badge>
        <Text fz="xs" c="dimmed" role="status" visibleFrom="sm">
          {savedText(liveState)}
        </Text>
        <ul className="mf-people" aria-label="Also here">
          {people.map(({ client, name: who, colour }) => (
            <li key={client} title={who} style={{ backgroundColor: colour }}>
              <span aria-hidden>{who.slice(0, 1)}</span>
              <span className="mf-hidden">{who}</span>
            </li>
          ))}
        </ul>
        <Group gap={4} ml="auto" wrap="nowrap">
          <TextInput
            size="xs"
            w={150}
            visibleFrom="md"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            placeholder="Find a step"
            aria-label="Find a step on the canvas"
            leftSection={<IconSearch size={14} aria-hidden />}
          />
          {isReadOnly ? (
            <Badge variant="outline" tt="none">
              read only
            </Badge>
          ) : (
            <>
              <Tool label="Undo (Ctrl Z)" icon={IconArrowBackUp} isOff={!canUndo} act={actions.undo} />
              <Tool label="Redo (Ctrl Shift Z)" icon={IconArrowForwardUp} isOff={!canRedo} act={actions.redo} />
              <Tool label="Lay out" icon={IconLayoutDistributeVertical} isOff={false} act={actions.layOut} />
            </>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label="More">
                <IconDotsVertical size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => saveYaml(name, text)}>Export YAML</Menu.Item>
              <Menu.Item
                disabled={picture === null}
                onClick={() => picture !== null && saveSvg(name, picture, positions)}
              >
                Export SVG
              </Menu.Item>
              <Menu.Item
                disabled={picture === null}
                onClick={() =>
                  picture !== null &&
                  void savePng(name, picture, positions).catch((error: unknown) => say(String(error)))
                }
              >
                Export PNG
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => share("read")}>Copy a link for reading</Menu.Item>
              <Menu.Item disabled={isReadOnly} onClick={() => share("edit")}>
                Copy a link for editing
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item
                color="red"
                disabled={isReadOnly || !isChanged}
                onClick={() => {
                  if (base === null) {
                    void removeDraft(draftId)
                      .then(() => navigate({ to: "/designer" }))
                      .catch((error: unknown) => say(String(error)));
                  } else document.begin(base.text);
                }}
              >
                Discard the draft
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
          {isReadOnly ? null : (
            <>
              <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={run}>
                Run
              </Button>
              <Button
                size="xs"
                leftSection={<IconUpload size={14} aria-hidden />}
                disabled={!isChanged}
                onClick={() => setDialog({ kind: "publish" })}
              >
                Publish
              </Button>
            </>
          )}
        </Group>
      </header>
      <div className="mf-designer-body">
        {isNarrow ? null : (
          <Tabs defaultValue="palette" className="mf-designer-left" keepMounted={false}>
            <Tabs.List grow>
              {isReadOnly ? null : <Tabs.Tab value="palette">Steps</Tabs.Tab>}
              <Tabs.Tab value="outline">Outline</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="palette">
              <Palette add={actions.add} />
            </Tabs.Panel>
            <Tabs.Panel value="outline">
              <Outline document={document} open={() => setTab("step")} />
            </Tabs.Panel>
          </Tabs>
        )}
        <SplitPane
          name="designer"
          label="Width of the panel"
          main={
            <div className="mf-designer-canvas">
              {isBroken ? (
                <Alert
                  color="red"
                  className="mf-designer-broken"
                  role="alert"
                  title="The text cannot be read at the moment"
                >
                  <Text fz="sm" className="mf-said">
                    {diagnostics[0]?.message}
                  </Text>
                  {diagnostics[0] === undefined ? null : (
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => diagnostics[0] !== undefined && openProblem(diagnostics[0])}
                    >
                      To line {diagnostics[0].line}
                    </Button>
                  )}
                </Alert>
              ) : null}
              {picture === null ? null : (
                <Canvas
                  picture={picture}
                  label={`Canvas of ${name}`}
                  marks={marks}
                  positions={positions}
                  selection={selection}
                  onSelect={(ids) => {
                    document.select(ids);
                    if (ids.length > 0) setEdge(null);
                  }}
                  onOpen={() => setTab("step")}
                  selectedEdge={edge}
                  isDimmed={isBroken}
                  {...(editing === undefined ? {} : { editing })}
                >
                  <Notes document={document} isReadOnly={isReadOnly} />
                </Canvas>
              )}
            </div>
          }
          side={
            <Tabs
              value={tab}
              onChange={(next) => setTab(next === "yaml" || next === "problems" ? next : "step")}
              className="mf-designer-side"
            >
              <Tabs.List grow>
                <Tabs.Tab value="step">Step</Tabs.Tab>
                <Tabs.Tab value="yaml">YAML</Tabs.Tab>
                <Tabs.Tab value="problems" color={errors > 0 ? "red" : "violet"}>
                  Problems {diagnostics.length === 0 ? "" : `(${diagnostics.length})`}
                </Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="step">
                <Properties document={document} isReadOnly={isReadOnly} />
                {chosen === null || isReadOnly ? null : (
                  <Group gap="xs" p="sm" pt={0}>
                    <Button size="xs" variant="default" onClick={() => setDialog({ kind: "connect", id: chosen })}>
                      Connect to
                    </Button>
                    <Button size="xs" variant="default" onClick={() => setDialog({ kind: "move", id: chosen })}>
                      Move
                    </Button>
                    <Button size="xs" variant="default" onClick={actions.duplicate}>
                      Duplicate
                    </Button>
                    <Button size="xs" variant="default" color="red" onClick={() => actions.remove()}>
                      Remove
                    </Button>
                  </Group>
                )}
              </Tabs.Panel>
              <Tabs.Panel value="yaml">
                <Suspense fallback={<Loading what="the editor" />}>
                  <YamlPane document={document} isReadOnly={isReadOnly} jump={jump} />
                </Suspense>
              </Tabs.Panel>
              <Tabs.Panel value="problems">
                <Problems diagnostics={diagnostics} open={openProblem} />
              </Tabs.Panel>
            </Tabs>
          }
        />
      </div>
      {dialog?.kind === "publish" ? (
        <PublishDialog
          document={document}
          base={base}
          draftId={draftId}
          live={live}
          rebase={setBase}
          close={() => setDialog(null)}
          done={(next, published) => {
            setBase(next);
            setDialog(null);
            say(`Published version ${next.version}`);
            if (published !== name)
              void navigate({ to: "/designer/$workflow", params: { workflow: published }, search: {} });
          }}
        />
      ) : null}
      {dialog?.kind === "add" ? (
        <AddDialog
          actions={actions}
          where={chosen === null ? "at the end" : `after ${chosen}`}
          close={() => setDialog(null)}
        />
      ) : null}
      {picture !== null && dialog?.kind === "connect" ? (
        <ConnectDialog picture={picture} actions={actions} id={dialog.id} close={() => setDialog(null)} />
      ) : null}
      {picture !== null && dialog?.kind === "move" ? (
        <MoveDialog picture={picture} actions={actions} id={dialog.id} close={() => setDialog(null)} />
      ) : null}
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly icon: typeof IconSearch;
  readonly isOff: boolean;
  readonly act: () => void;
}

function Tool({ label, icon: Picture, isOff, act }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} disabled={isOff} onClick={act}>
        <Picture size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** Those that n8n has taught people. */
const KEYS = [
  { id: "add", key: "n", control: false, shift: false },
  { id: "copy", key: "c", control: true, shift: false },
  { id: "cut", key: "x", control: true, shift: false },
  { id: "paste", key: "v", control: true, shift: false },
  { id: "duplicate", key: "d", control: true, shift: false },
  { id: "all", key: "a", control: true, shift: false },
  { id: "undo", key: "z", control: true, shift: false },
  { id: "redo", key: "z", control: true, shift: true },
  { id: "redo", key: "y", control: true, shift: false },
  { id: "remove", key: "delete", control: false, shift: false },
  { id: "remove", key: "backspace", control: false, shift: false },
  { id: "connect", key: "c", control: false, shift: false },
  { id: "move", key: "m", control: false, shift: false },
  { id: "note", key: "s", control: false, shift: true },
] as const;

/** Wherever the focus is on the page, but not where letters are text, and not behind a dialog. */
function useKeys(isOff: boolean, act: (id: string) => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    if (isOff) return;
    const listen = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest('[role="dialog"], [role="menu"]') !== null) return;
      const isControl = event.ctrlKey || event.metaKey;
      const found = KEYS.find(({ key, control, shift }) => {
        return event.key.toLowerCase() === key && isControl === control && event.shiftKey === shift;
      });
      if (found === undefined) return;
      // Text that is marked on the page is copied as text.
      if (found.id === "copy" && document.getSelection()?.isCollapsed === false) return;
      event.preventDefault();
      latest.current(found.id);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [isOff]);
}

function commandsOf(actions: Actions, document: DesignerDocument, setDialog: (dialog: Dialog) => void) {
  const withStep = (kind: "connect" | "move") => () => {
    const id = document.state.selection.at(-1);
    if (id !== undefined) setDialog({ kind, id });
  };
  return [
    { id: "add", label: "Add a step here", keys: "N", run: () => setDialog({ kind: "add" }) },
    { id: "connect", label: "Connect the step to another", keys: "C", run: withStep("connect") },
    { id: "move", label: "Move the step to another list", keys: "M", run: withStep("move") },
    { id: "copy", label: "Copy", keys: "Ctrl C", run: () => void actions.copy() },
    { id: "cut", label: "Cut", keys: "Ctrl X", run: () => void actions.cut() },
    { id: "paste", label: "Paste", keys: "Ctrl V", run: () => void actions.paste() },
    { id: "duplicate", label: "Duplicate", keys: "Ctrl D", run: actions.duplicate },
    { id: "remove", label: "Remove", keys: "Delete", run: () => actions.remove() },
    { id: "all", label: "Choose all steps", keys: "Ctrl A", run: actions.selectAll },
    { id: "undo", label: "Undo", keys: "Ctrl Z", run: actions.undo },
    { id: "redo", label: "Redo", keys: "Ctrl Shift Z", run: actions.redo },
    { id: "note", label: "Put a note on the canvas", keys: "Shift S", run: () => addNote(document) },
    { id: "layout", label: "Lay out all steps", run: actions.layOut },
    { id: "publish", label: "Publish the draft", run: () => setDialog({ kind: "publish" }) },
  ];
}

function addNote(document: DesignerDocument): void {
  const { notes } = document.state;
  document.setNote({ id: crypto.randomUUID(), text: "", x: 20 + notes.length * 24, y: -170 - notes.length * 24 });
}

function editingOf(document: DesignerDocument, actions: Actions, setEdge: (edge: string | null) => void): Editing {
  return {
    onMoved: (ids, at, layout) => {
      const picture = document.state.picture;
      if (picture === null) return;
      const moved = new Set(ids);
      const places: Record<string, Point> = {};
      for (const id of ids) {
        const point = at(id);
        const node = picture.nodes.find((each) => each.id === id);
        if (point === null || node === undefined) continue;
        const middle = { x: point.x + NODE_WIDTH / 2, y: point.y + NODE_HEIGHT / 2 };
        const lane = laneAt(middle, layout, picture, moved);
        if (lane !== node.lane) actions.move(id, { lane, index: indexAt(point, lane, document, layout) });
        else places[id] = inLane(point, lane, layout, picture);
      }
      document.place(places);
    },
    onConnect: (from, to, handle) => actions.connect(from, to, handle === "error" ? "failure" : "success"),
    onDrop: (type, at, layout, edge) => {
      const picture = document.state.picture;
      if (picture === null) return;
      if (edge !== null) {
        actions.addOnEdge(type, edge);
        return;
      }
      const lane = laneAt(at, layout, picture);
      actions.add(type, { lane, index: indexAt(at, lane, document, layout) });
    },
    onEdgeSelect: (edge) => {
      setEdge(edge);
      if (edge !== null) document.select([]);
    },
  };
}

/** Before the first step of the list that stands further right. */
function indexAt(at: Point, lane: number, document: DesignerDocument, layout: Layout): number | null {
  const picture = document.state.picture;
  if (picture === null) return null;
  const { x } = inLane(at, lane, layout, picture);
  const origin = layout.lanes[lane] === undefined ? 0 : layout.lanes[lane].x + 16;
  const steps = picture.lanes[lane]?.steps ?? [];
  const index = steps.findIndex((id) => (layout.nodes[id]?.x ?? 0) - origin > x);
  return index < 0 ? null : index;
}

function problemsOf(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, StepProblem> {
  const found = new Map<string, StepProblem>();
  for (const { step, severity } of diagnostics) {
    if (step !== undefined && found.get(step) !== "error") found.set(step, severity);
  }
  return found;
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let i = 1; i < line; i++) at = text.indexOf("\n", at) + 1;
  return at + column - 1;
}

function savedText({ status, refusal }: LiveState): string {
  switch (status) {
    case "refused":
      return refusal === null || refusal === "" ? "The platform has closed the draft" : refusal;
    case "offline":
    case "connecting":
      return "No connection: what you do is kept here and sent when the platform answers";
    case "saving":
      return "Saving";
    case "saved":
      return "Saved";
  }
}
