/** The history as sentences, and below it what executors say right now. */

import { Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { LogLine } from "../../../src/core/protocol/executions.ts";
import { toLogLine } from "../../../src/core/protocol/logs.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import { call, place } from "../api/call.ts";
import { Empty } from "../app/page-states.tsx";
import { clockText } from "../parts/time.tsx";
import { type VirtualColumn, VirtualTable } from "../parts/virtual-table.tsx";
import type { Run } from "./use-run.ts";

interface LogsTabProps {
  readonly run: Run;
  readonly seq: number;
  readonly isNow: boolean;
  readonly isLive: boolean;
  readonly choose: (path: string) => void;
}

const TONES = { debug: "neutral", info: "active", warn: "waiting", error: "bad" } as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;

export function LogsTab({ run, seq, isNow, isLive, choose }: LogsTabProps) {
  const { model, turn } = run;
  const [text, setText] = useState("");
  const [level, setLevel] = useState<LogLine["level"]>("debug");
  const said = useQuery({
    queryKey: ["logs-now", run.id, model.lastSeq],
    queryFn: ({ signal }) =>
      call<Page<LogLine>>("GET", `${place("executions", run.id)}/logs`, { query: { after: model.lastSeq }, signal }),
    enabled: isLive && isNow,
    refetchInterval: 1000,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const lines = useMemo(() => model.events.slice(0, seq).map(toLogLine), [model, turn, seq]);
  const now = isLive && isNow ? (said.data?.items.filter((line) => line.seq === null) ?? []) : [];
  const least = LEVELS.indexOf(level);
  const wanted = text.toLowerCase();
  const rows = [...lines, ...now].filter(
    (line) =>
      LEVELS.indexOf(line.level) >= least &&
      (wanted === "" || `${line.message} ${line.path ?? ""}`.toLowerCase().includes(wanted)),
  );
  const columns: readonly VirtualColumn<LogLine>[] = [
    {
      id: "at",
      label: "Time",
      width: "6.5rem",
      isWide: true,
      cell: (line) => <span className="mf-figures">{clockText(Date.parse(line.at))}</span>,
    },
    {
      id: "level",
      label: "Level",
      width: "3.25rem",
      cell: (line) => (
        <span className="mf-log-level" data-tone={TONES[line.level]}>
          {line.level}
        </span>
      ),
    },
    {
      id: "path",
      label: "Step",
      width: "minmax(5rem, 14rem)",
      cell: (line) =>
        line.path === null ? null : (
          <button type="button" className="mf-timeline-name mf-mono" onClick={() => choose(line.path ?? "")}>
            <span className="mf-one-line">{line.path}</span>
          </button>
        ),
    },
    {
      id: "message",
      label: "What happened",
      width: "minmax(10rem, 4fr)",
      cell: (line) => (
        <span className="mf-one-line" title={line.message}>
          {line.message}
        </span>
      ),
    },
  ];
  return (
    <>
      <Group mb="sm" gap="sm" role="search" aria-label="Lines">
        <TextInput
          aria-label="Part of a line"
          placeholder="Words or step"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={{ base: "100%", xs: 260 }}
        />
        <Select
          aria-label="Least level"
          data={[
            { value: "debug", label: "Everything" },
            { value: "info", label: "Info and worse" },
            { value: "warn", label: "Warnings and errors" },
            { value: "error", label: "Errors" },
          ]}
          value={level}
          onChange={(word) => setLevel(LEVELS.find((other) => other === word) ?? "debug")}
          allowDeselect={false}
          w={190}
        />
      </Group>
      {rows.length === 0 ? (
        <Empty icon={IconSearch} title="No line fits" />
      ) : (
        <VirtualTable
          label="Lines"
          rows={rows}
          columns={columns}
          keyOf={(line) => `${line.seq ?? "now"}${line.path ?? ""}${line.seq === null ? line.at : ""}`}
          rowHeight={32}
          height="30rem"
          at={isNow ? null : rows.length - 1}
        />
      )}
    </>
  );
}
