/**
 * The list, live: pages as far as one has scrolled, new executions put before them, and what changes shown in its row. Changes
 * come over the stream of the workspace; a page is asked for again only where something new may belong on top.
 */

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import type { LiveExecution } from "../../../src/core/protocol/live.ts";
import { followStream, type StreamMessage } from "../api/event-stream.ts";
import { listExecutions } from "../api/executions.ts";
import { type ExecutionsSearch, toQuery } from "./search.ts";

const PAGE_SIZE = 200;
const GATHER_MS = 200;

export interface LiveList {
  readonly rows: readonly ExecutionSummary[];
  readonly isPending: boolean;
  readonly error: unknown;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly more: () => void;
  readonly again: () => void;
  /** The row as it is now. */
  readonly current: (row: ExecutionSummary) => ExecutionSummary;
}

interface ListPage {
  readonly items: readonly ExecutionSummary[];
  readonly next_cursor: string | null;
}

export function useExecutions(search: ExecutionsSearch): LiveList {
  const client = useQueryClient();
  // "The last hour" is counted from when it was asked for: pages that follow must fit those before.
  const query = useMemo(() => toQuery(search, Date.now()), [search]);
  const key = useMemo(() => ["executions", "live-list", query] as const, [query]);
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }): Promise<ListPage> =>
      listExecutions({ ...query, limit: PAGE_SIZE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const known = useRef<ReadonlySet<string>>(new Set());
  known.current = useMemo(() => new Set(rows.map(({ execution_id }) => execution_id)), [rows]);
  const live = useRef(new Map<string, LiveExecution>());
  const [, setTurn] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    let mustLook = false;
    const lookAtTop = async () => {
      if (query["order"] === "oldest") return;
      const page: ListPage = await listExecutions({ ...query, limit: PAGE_SIZE }, stop.signal);
      const fresh = page.items.filter(({ execution_id }) => !known.current.has(execution_id));
      if (fresh.length === 0) return;
      if (fresh.length === page.items.length && known.current.size > 0) return client.resetQueries({ queryKey: key });
      client.setQueryData<{ pages: ListPage[]; pageParams: (string | null)[] }>(key, (before) => {
        const [first, ...rest] = before?.pages ?? [];
        if (before === undefined || first === undefined) return before;
        return { ...before, pages: [{ ...first, items: [...fresh, ...first.items] }, ...rest] };
      });
    };
    const settle = () => {
      timer = null;
      setTurn((turn) => turn + 1);
      if (!mustLook) return;
      mustLook = false;
      // A refusal is shown by the list itself, which asks the same.
      lookAtTop().catch(() => undefined);
    };
    const hear = (messages: readonly StreamMessage[]) => {
      for (const { type, data } of messages) {
        if (type === "reset") mustLook = true;
        if (type !== "execution") continue;
        const execution: LiveExecution = JSON.parse(data);
        if (known.current.has(execution.execution_id)) live.current.set(execution.execution_id, execution);
        else mustLook = true;
      }
      timer ??= setTimeout(settle, GATHER_MS);
    };
    const workflow = query["workflow"];
    const ofWorkflow = typeof workflow === "string" ? `&workflow=${encodeURIComponent(workflow)}` : "";
    void followStream({
      path: () => `/api/v1/stream?kinds=execution${ofWorkflow}`,
      lastId: null,
      hear,
      signal: stop.signal,
      endsForGood: false,
    }).catch(() => undefined);
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client, key, query]);

  return {
    rows,
    isPending: list.isPending,
    error: list.error,
    hasMore: list.hasNextPage,
    isLoadingMore: list.isFetchingNextPage,
    more: () => {
      if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
    },
    again: () => void client.resetQueries({ queryKey: key }),
    current: (row) => asNow(row, live.current.get(row.execution_id)),
  };
}

function asNow(row: ExecutionSummary, live: LiveExecution | undefined): ExecutionSummary {
  if (live === undefined) return row;
  return {
    ...row,
    status: live.status,
    started_at: live.started_at,
    finished_at: live.finished_at,
    duration: live.duration,
    error: live.error_code === null ? null : { code: live.error_code, message: row.error?.message ?? live.error_code },
  };
}
