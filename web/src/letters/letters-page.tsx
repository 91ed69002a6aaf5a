/** Dead letters: executions that failed for good and messages that could not be read, looked into, tried again or dropped. */

import "../run/run.css";
import { Button, Group, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconMailCheck, IconRefresh, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { LetterMessage, LetterSummary, ReplayMode } from "../../../src/core/protocol/dead-letters.ts";
import { dropLetter, listLetters, readLetter, replayLetter } from "../api/dead-letters.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { JsonViewer } from "../parts/json-viewer.tsx";
import { SplitPane } from "../parts/split-pane.tsx";
import { Ago } from "../parts/time.tsx";
import { type VirtualColumn, VirtualTable } from "../parts/virtual-table.tsx";
import { ErrorTree } from "../run/error-tree.tsx";
import { ReplayDialog } from "./replay-dialog.tsx";
import { type LettersSearch, toLettersFilter } from "./search.ts";

const route = getRouteApi("/dead-letters");
const KEY = ["dead-letters"] as const;
const TYPING_MS = 250;
const REFRESH_MS = 3000;

export function LettersPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const [isReplaying, setReplaying] = useState(false);
  const filter = useMemo(() => toLettersFilter(search), [search]);
  const list = useInfiniteQuery({
    queryKey: [...KEY, "list", filter],
    queryFn: ({ pageParam, signal }) => listLetters(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // A list that has been scrolled down is long: then only what is asked for is asked.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : REFRESH_MS),
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const set = (part: { readonly [K in keyof LettersSearch]?: LettersSearch[K] | undefined }) =>
    void navigate({
      search: (before: LettersSearch) =>
        Object.fromEntries(
          Object.entries({ ...before, ...part }).filter(([, value]) => value !== undefined && value !== ""),
        ),
      replace: true,
    });
  const changed = () => client.invalidateQueries({ queryKey: KEY });
  const columns = columnsOf((letter) => set({ letter }), search.letter);
  return (
    <div>
      <PageHead
        title="Dead letters"
        about="What failed for good and waits for somebody to try it again or to drop it."
        actions={
          rows.length === 0 ? null : (
            <Button leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => setReplaying(true)}>
              {Object.keys(filter).length === 0 ? "Replay all" : "Replay all that fit"}
            </Button>
          )
        }
      />
      <Filters search={search} set={set} />
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="dead letters" /> : null}
      {list.isSuccess && rows.length === 0 ? (
        <Empty
          icon={IconMailCheck}
          title={Object.keys(filter).length === 0 ? "No dead letters" : "No dead letter fits"}
        >
          An execution that fails for good appears here.
        </Empty>
      ) : null}
      <SplitPane
        name="letters"
        label="Width of the letter"
        main={
          rows.length === 0 ? null : (
            <VirtualTable
              label="Dead letters"
              rows={rows}
              columns={columns}
              keyOf={({ id }) => id}
              isMarked={({ id }) => id === search.letter}
              onEnd={() => {
                if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
              }}
              footer={`${rows.length.toLocaleString()} ${rows.length === 1 ? "letter" : "letters"}${list.hasNextPage ? " so far; scroll for more" : ""}`}
            />
          )
        }
        side={
          search.letter === undefined ? null : (
            <LetterPanel
              key={search.letter}
              id={search.letter}
              close={() => set({ letter: undefined })}
              changed={() => void changed()}
            />
          )
        }
      />
      {isReplaying ? (
        <ReplayDialog
          filter={filter}
          close={() => {
            setReplaying(false);
            void changed();
          }}
        />
      ) : null}
    </div>
  );
}

interface FiltersProps {
  readonly search: LettersSearch;
  readonly set: (part: { readonly [K in (typeof FIELDS)[number][0]]?: string | undefined }) => void;
}

const FIELDS = [
  ["text", "Part of the error or the id"],
  ["workflow", "Workflow"],
  ["error", "Code of the error"],
] as const;

function Filters({ search, set }: FiltersProps) {
  const type = useDebouncedCallback((name: string, text: string) => set({ [name]: text }), TYPING_MS);
  return (
    <Group mb="md" gap="sm" role="search" aria-label="Dead letters">
      {FIELDS.map(([name, label]) => (
        <TextInput
          key={name}
          aria-label={label}
          placeholder={label}
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={search[name] ?? ""}
          onChange={(event) => type(name, event.currentTarget.value)}
          w={{ base: "100%", xs: 230 }}
        />
      ))}
    </Group>
  );
}

function columnsOf(choose: (id: string) => void, chosen: string | undefined): readonly VirtualColumn<LetterSummary>[] {
  return [
    {
      id: "what",
      label: "What failed",
      width: "minmax(9rem, 1.4fr)",
      cell: (letter) => (
        <UnstyledButton
          className="mf-timeline-name"
          onClick={() => choose(letter.id)}
          aria-pressed={letter.id === chosen}
          title={letter.id}
        >
          <span className="mf-one-line">{letter.workflow_name ?? "A message"}</span>
        </UnstyledButton>
      ),
    },
    {
      id: "error",
      label: "Error",
      width: "minmax(9rem, 2fr)",
      cell: ({ error }) => (
        <span className="mf-one-line" title={error.message}>
          <strong className="mf-mono">{error.code}</strong> {error.message}
        </span>
      ),
    },
    { id: "at", label: "Failed", width: "8rem", isWide: true, cell: ({ failed_at }) => <Ago at={failed_at} /> },
    { id: "replays", label: "Replays", width: "5rem", isWide: true, isNumber: true, cell: ({ replays }) => replays },
  ];
}

interface LetterPanelProps {
  readonly id: string;
  readonly close: () => void;
  readonly changed: () => void;
}

function LetterPanel({ id, close, changed }: LetterPanelProps) {
  const letter = useQuery({ queryKey: [...KEY, "one", id], queryFn: ({ signal }) => readLetter(id, signal) });
  if (letter.isError) return <Failure error={letter.error} retry={() => void letter.refetch()} />;
  if (letter.isPending) return <Loading what="the letter" />;
  return <Letter letter={letter.data} close={close} changed={changed} />;
}

interface LetterProps extends Omit<LetterPanelProps, "id"> {
  readonly letter: LetterMessage;
}

function Letter({ letter, close, changed }: LetterProps) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState<ReplayMode | "drop" | null>(null);
  const act = async () => {
    if (asked === "drop") {
      await dropLetter(letter.id);
      changed();
      close();
      return;
    }
    const { execution_id } = await replayLetter(letter.id, asked ?? "retry");
    changed();
    if (execution_id !== null) await navigate({ to: "/executions/$id", params: { id: execution_id } });
  };
  return (
    <section className="mf-panel mf-card mf-stack" aria-label="The letter">
      <div>
        <Text fw={650} component="h2" m={0} className="mf-said">
          {letter.workflow_name ?? "A message that could not be read"} {letter.version}
        </Text>
        {letter.execution_id === null ? null : <ExecutionLink id={letter.execution_id} />}
        <Text fz="sm" c="dimmed">
          Failed <Ago at={letter.failed_at} />
          {letter.failed_step === null ? "" : ` in ${letter.failed_step}`}
          {letter.replays === 0 ? "" : `, replayed ${letter.replays} times`}
        </Text>
      </div>
      <Group gap="xs">
        {letter.kind === "execution" ? (
          <>
            <Button size="xs" onClick={() => setAsked("retry")}>
              Retry
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsked("rerun")}>
              Rerun from the start
            </Button>
          </>
        ) : (
          <Button size="xs" onClick={() => setAsked("retry")}>
            Replay
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => setAsked("drop")}>
          Drop
        </Button>
        <Button size="xs" variant="subtle" onClick={close} ml="auto">
          Close
        </Button>
      </Group>
      <ErrorTree error={letter.error} />
      {letter.kind === "execution" ? (
        <JsonViewer value={letter.input} label="input" />
      ) : (
        <JsonViewer value={letter.text ?? letter.body} label="message" />
      )}
      {asked === null ? null : (
        <Confirm
          title={asked === "drop" ? "Drop this letter" : "Try it again"}
          verb={asked === "drop" ? "Drop" : asked === "retry" ? "Retry" : "Rerun"}
          isDangerous={asked === "drop"}
          act={act}
          close={() => setAsked(null)}
        >
          <Text>
            {asked === "drop"
              ? "It leaves this list. The execution and its history stay."
              : asked === "retry"
                ? "It is opened again: what failed begins anew, what completed stays."
                : "A new execution begins from the start, with the same input."}
          </Text>
        </Confirm>
      )}
    </section>
  );
}
