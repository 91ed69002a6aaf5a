/** Every event: found by words and by type, read as it is stored, and gone to. */

import { Button, Group, MultiSelect, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import { Empty } from "../app/page-states.tsx";
import { JsonViewer } from "../parts/json-viewer.tsx";
import { SplitPane } from "../parts/split-pane.tsx";
import { clockText } from "../parts/time.tsx";
import { type VirtualColumn, VirtualTable } from "../parts/virtual-table.tsx";
import type { Run } from "./use-run.ts";

interface HistoryTabProps {
  readonly run: Run;
  readonly seq: number;
  readonly go: (seq: number) => void;
}

export function HistoryTab({ run: { model, turn }, seq, go }: HistoryTabProps) {
  const [text, setText] = useState("");
  const [types, setTypes] = useState<string[]>([]);
  const [shown, setShown] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const known = useMemo(() => [...new Set(model.events.map(({ type }) => type))].sort(), [model, turn]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const events = useMemo(
    () => model.events.filter((event) => (types.length === 0 || types.includes(event.type)) && fits(event, text)),
    [model, turn, text, types],
  );
  const at = useMemo(() => events.findLastIndex((event) => event.seq <= seq), [events, seq]);
  const event = shown === null ? null : model.eventAt(shown);
  const columns: readonly VirtualColumn<HistoryEvent>[] = [
    { id: "seq", label: "#", width: "3.5rem", isNumber: true, cell: (row) => row.seq },
    {
      id: "at",
      label: "Time",
      width: "7rem",
      isWide: true,
      cell: (row) => <span className="mf-figures">{clockText(Date.parse(row.at))}</span>,
    },
    {
      id: "type",
      label: "Event",
      width: "minmax(9rem, 14rem)",
      cell: (row) => (
        <UnstyledButton className="mf-timeline-name" onClick={() => setShown(row.seq)} aria-pressed={row.seq === shown}>
          <span className="mf-one-line">{row.type}</span>
        </UnstyledButton>
      ),
    },
    {
      id: "path",
      label: "Step",
      width: "minmax(6rem, 1fr)",
      cell: (row) => (
        <span className="mf-mono mf-one-line" title={row.path ?? undefined}>
          {row.path}
          {row.attempt !== null && row.attempt > 1 ? ` (attempt ${row.attempt})` : ""}
        </span>
      ),
    },
    {
      id: "data",
      label: "Data",
      width: "minmax(8rem, 2fr)",
      isWide: true,
      cell: (row) => <span className="mf-mono mf-one-line">{JSON.stringify(row.data).slice(0, 300)}</span>,
    },
  ];
  return (
    <>
      <Group mb="sm" gap="sm" role="search" aria-label="Events">
        <TextInput
          aria-label="Part of an event"
          placeholder="Step, type, data"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(change) => setText(change.currentTarget.value)}
          w={{ base: "100%", xs: 260 }}
        />
        <MultiSelect
          aria-label="Types"
          placeholder={types.length === 0 ? "Any type" : ""}
          data={known}
          value={types}
          onChange={setTypes}
          searchable
          clearable
          miw={180}
          maw={420}
        />
      </Group>
      <SplitPane
        name="run.history"
        label="Width of the event"
        main={
          events.length === 0 ? (
            <Empty icon={IconSearch} title="No event fits" />
          ) : (
            <VirtualTable
              label="Events"
              rows={events}
              columns={columns}
              keyOf={(row) => String(row.seq)}
              rowHeight={34}
              height="30rem"
              at={at}
              isMarked={(row) => row.seq === (events[at]?.seq ?? null)}
              footer={`${events.length.toLocaleString()} of ${model.events.length.toLocaleString()} events`}
            />
          )
        }
        side={
          event === null ? null : (
            <div className="mf-panel mf-card mf-stack">
              <Group justify="space-between" wrap="nowrap">
                <strong className="mf-said">
                  {event.seq}. {event.type}
                </strong>
                <Button size="compact-xs" variant="light" onClick={() => go(event.seq)}>
                  To this moment
                </Button>
              </Group>
              <JsonViewer
                key={event.seq}
                value={event as unknown as Json}
                label={`event ${event.seq}`}
                heightMax={400}
              />
            </div>
          )
        }
      />
    </>
  );
}

function fits(event: HistoryEvent, text: string): boolean {
  if (text === "") return true;
  const wanted = text.toLowerCase();
  return (
    event.type.toLowerCase().includes(wanted) ||
    (event.path?.toLowerCase().includes(wanted) ?? false) ||
    JSON.stringify(event.data).toLowerCase().includes(wanted)
  );
}
