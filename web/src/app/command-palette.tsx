/** Ctrl/Cmd+K: every page, every workflow, an execution by its id, and what the page at hand can do. */

import "./command-palette.css";
import { Kbd, Modal, Text, TextInput } from "@mantine/core";
import { type Icon, IconArrowRight, IconHierarchy2, IconListDetails, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useState } from "react";
import { listWorkflows } from "../api/workflows.ts";
import { useCommandGroups } from "./commands.tsx";
import { DESTINATIONS } from "./navigation.ts";

interface Entry {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly icon: Icon;
  readonly keys?: string;
  readonly run: () => void;
}

const WORKFLOWS_MAX = 8;
const EXECUTION_ID = /^[A-Za-z0-9_.-]{6,160}$/;

export function CommandPalette({ opened, close }: { readonly opened: boolean; readonly close: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={close} size="lg" yOffset="12vh" transitionProps={{ duration: 80 }}>
      <Modal.Overlay />
      <Modal.Content aria-label="Search and commands">
        <Modal.Body p={0}>{opened ? <Palette close={close} /> : null}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ close }: { readonly close: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const entries = useEntries(text.trim());
  const chosen = Math.min(at, entries.length - 1);
  const run = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    close();
    entry.run();
  };
  useEffect(() => document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" }), [chosen, list]);

  return (
    <>
      <TextInput
        data-autofocus
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0 && entries.length > 0) {
            event.preventDefault();
            setAt((chosen + step + entries.length) % entries.length);
          }
          if (event.key === "Enter") run(entries[chosen]);
        }}
        placeholder="A page, a workflow, the id of an execution, a command"
        aria-label="Search and commands"
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={entries.length === 0 ? undefined : `${list}-${chosen}`}
        leftSection={<IconSearch size={18} aria-hidden />}
        size="lg"
        variant="unstyled"
        className="mf-palette-input"
      />
      <div role="listbox" id={list} aria-label="Found" className="mf-palette-list">
        {entries.length === 0 ? (
          <Text c="dimmed" p="md">
            Nothing is called that.
          </Text>
        ) : null}
        {entries.map((entry, i) => (
          <Row
            key={entry.id}
            entry={entry}
            isFirst={entries[i - 1]?.group !== entry.group}
            isChosen={i === chosen}
            id={`${list}-${i}`}
            run={() => run(entry)}
            hover={() => setAt(i)}
          />
        ))}
      </div>
    </>
  );
}

interface RowProps {
  readonly entry: Entry;
  readonly isFirst: boolean;
  readonly isChosen: boolean;
  readonly id: string;
  readonly run: () => void;
  readonly hover: () => void;
}

function Row({ entry, isFirst, isChosen, id, run, hover }: RowProps) {
  const Picture = entry.icon;
  return (
    <>
      {isFirst ? (
        <Text className="mf-nav-group" role="presentation">
          {entry.group}
        </Text>
      ) : null}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keyboard and says which entry is chosen. */}
      <div
        role="option"
        id={id}
        tabIndex={-1}
        aria-selected={isChosen}
        className="mf-palette-row"
        onClick={run}
        onMouseMove={hover}
      >
        <Picture size={18} stroke={1.7} aria-hidden />
        <span className="mf-one-line">{entry.label}</span>
        {entry.keys === undefined ? null : <Kbd size="xs">{entry.keys}</Kbd>}
      </div>
    </>
  );
}

function useEntries(text: string): readonly Entry[] {
  const navigate = useNavigate();
  const groups = useCommandGroups();
  const { data } = useQuery({
    queryKey: ["workflows", "palette", text],
    queryFn: ({ signal }) => listWorkflows({ text, limit: WORKFLOWS_MAX }, signal),
    placeholderData: (previous) => previous,
  });
  return useMemo(() => {
    const has = (words: string) => words.toLowerCase().includes(text.toLowerCase());
    const commands = groups.flatMap(({ label: group, commands: of }) =>
      of
        .filter(({ label }) => has(label))
        .map(
          ({ id, label, keys, run }): Entry => ({
            id: `${group}/${id}`,
            group,
            label,
            icon: IconArrowRight,
            run,
            ...(keys === undefined ? {} : { keys }),
          }),
        ),
    );
    const pages = DESTINATIONS.filter(({ label, also }) => has(`${label} ${also}`)).map(
      ({ path, label, icon, key }): Entry => ({
        id: path,
        group: "Pages",
        label,
        icon,
        keys: `g ${key}`,
        run: () => void navigate({ to: path }),
      }),
    );
    const workflows = (data?.items ?? [])
      .filter(({ name }) => has(name))
      .map(
        ({ name }): Entry => ({
          id: `workflow/${name}`,
          group: "Workflows",
          label: name,
          icon: IconHierarchy2,
          run: () => void navigate({ href: `/workflows/${encodeURIComponent(name)}` }),
        }),
      );
    const execution: readonly Entry[] = EXECUTION_ID.test(text)
      ? [
          {
            id: "execution",
            group: "Executions",
            label: `Execution ${text}`,
            icon: IconListDetails,
            run: () => void navigate({ href: `/executions/${encodeURIComponent(text)}` }),
          },
        ]
      : [];
    return [...commands, ...pages, ...workflows, ...execution];
  }, [groups, data, text, navigate]);
}
