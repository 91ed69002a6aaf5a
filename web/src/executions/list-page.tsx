/** Every execution, live: found by filters that stand in the address, chosen one by one, in ranges or all, and acted upon. */

import "./executions.css";
import { ActionIcon, Button, Checkbox, Menu, Tooltip } from "@mantine/core";
import { IconColumns3, IconListDetails } from "@tabler/icons-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type MouseEvent, useMemo, useRef, useState } from "react";
import type { BulkFilter, BulkOperation } from "../../../src/core/protocol/bulk.ts";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { usePreference } from "../app/preferences.ts";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { Ago } from "../parts/time.tsx";
import { type VirtualColumn, VirtualTable } from "../parts/virtual-table.tsx";
import { BulkDialog, OPERATIONS } from "./bulk-dialog.tsx";
import { COLUMNS, COLUMNS_DEFAULT, parseColumns } from "./columns.tsx";
import { Filters } from "./filters.tsx";
import { OpenFileButton, useFileOpening } from "./open-file.tsx";
import { SavedViews } from "./saved-views.tsx";
import { type ExecutionsSearch, toFilter } from "./search.ts";
import { useExecutions } from "./use-executions.ts";

const route = getRouteApi("/executions");
const IDS_MAX = 1000;

export function ExecutionsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useExecutions(search);
  const opening = useFileOpening();
  const selection = useSelection(list.rows);
  const [columns, setColumns] = usePreference("executions.columns", COLUMNS_DEFAULT, parseColumns);
  const [operation, setOperation] = useState<{ readonly id: BulkOperation; readonly filter: BulkFilter } | null>(null);
  const change = (next: ExecutionsSearch) => {
    selection.clear();
    void navigate({ search: next, replace: true });
  };
  const shown = useMemo(
    () => [...firstColumns(selection), ...COLUMNS.filter(({ id }) => columns.includes(id))],
    [selection, columns],
  );
  const rows = list.rows;
  const live: readonly VirtualColumn<ExecutionSummary>[] = shown.map((column) => ({
    ...column,
    cell: (row, index) => column.cell(list.current(row), index),
  }));
  const begin = (id: BulkOperation) =>
    setOperation({
      id,
      filter: selection.isAll
        ? Object.keys(toFilter(search, Date.now())).length === 0
          ? { all: true }
          : toFilter(search, Date.now())
        : { ids: [...selection.ids].slice(0, IDS_MAX) },
    });
  return (
    <div {...opening.handlers} {...(opening.isOver ? { className: "mf-drop" } : {})}>
      <PageHead
        title="Executions"
        about="Everything that was started here, as it goes on."
        actions={<OpenFileButton opening={opening} />}
      />
      {opening.error === null ? null : <Failure error={opening.error} />}
      <Filters search={search} change={change}>
        <SavedViews search={search} change={change} />
        <ColumnsMenu columns={columns} change={setColumns} />
      </Filters>
      {selection.count === 0 ? null : (
        <SelectionBar selection={selection} loaded={rows.length} hasMore={list.hasMore} begin={begin} />
      )}
      {list.error !== null ? <Failure error={list.error} retry={list.again} /> : null}
      {list.isPending ? <Loading what="executions" /> : null}
      {!list.isPending && list.error === null && rows.length === 0 ? (
        <NoExecutions isFiltered={Object.keys(search).length > 0} clear={() => change({})} />
      ) : null}
      {rows.length === 0 ? null : (
        <VirtualTable
          label="Executions"
          rows={rows}
          columns={live}
          keyOf={({ execution_id }) => execution_id}
          isMarked={({ execution_id }) => selection.has(execution_id)}
          onEnd={list.more}
          footer={
            <span role="status">
              {rows.length.toLocaleString()} {rows.length === 1 ? "execution" : "executions"}
              {list.isLoadingMore ? ", loading more" : list.hasMore ? " so far; scroll for more" : ""}
            </span>
          }
        />
      )}
      {operation === null ? null : (
        <BulkDialog
          operation={operation.id}
          filter={operation.filter}
          close={() => {
            setOperation(null);
            selection.clear();
          }}
        />
      )}
    </div>
  );
}

interface Selection {
  readonly ids: ReadonlySet<string>;
  /** All that fit the filter, also those that are not loaded. */
  readonly isAll: boolean;
  readonly count: number;
  readonly has: (id: string) => boolean;
  readonly press: (id: string, index: number, isRange: boolean) => void;
  readonly loaded: () => void;
  readonly everything: () => void;
  readonly clear: () => void;
}

function useSelection(rows: readonly ExecutionSummary[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [isAll, setAll] = useState(false);
  const anchor = useRef<number | null>(null);
  const clear = () => {
    if (ids.size > 0) setIds(new Set());
    setAll(false);
    anchor.current = null;
  };
  return {
    ids,
    isAll,
    count: isAll ? rows.length : ids.size,
    has: (id) => isAll || ids.has(id),
    press: (id, index, isRange) => {
      const next = new Set(isAll ? rows.map(({ execution_id }) => execution_id) : ids);
      const isChosen = !next.has(id);
      const from = isRange && anchor.current !== null ? Math.min(anchor.current, index) : index;
      const to = isRange && anchor.current !== null ? Math.max(anchor.current, index) : index;
      for (const { execution_id } of rows.slice(from, to + 1)) {
        if (isChosen) next.add(execution_id);
        else next.delete(execution_id);
      }
      anchor.current = index;
      setAll(false);
      setIds(next);
    },
    loaded: () => {
      setAll(false);
      setIds(new Set(rows.map(({ execution_id }) => execution_id)));
    },
    everything: () => setAll(true),
    clear,
  };
}

function firstColumns(selection: Selection): readonly VirtualColumn<ExecutionSummary>[] {
  return [
    {
      id: "chosen",
      label: (
        <Checkbox
          aria-label="Choose all that are shown"
          size="sm"
          checked={selection.count > 0}
          indeterminate={selection.count > 0 && !selection.isAll}
          onChange={() => (selection.count > 0 ? selection.clear() : selection.loaded())}
        />
      ),
      width: "1.75rem",
      cell: (row, index) => (
        <input
          type="checkbox"
          className="mf-check"
          aria-label={`Choose ${row.execution_id}`}
          checked={selection.has(row.execution_id)}
          onChange={() => undefined}
          onClick={(event: MouseEvent) => selection.press(row.execution_id, index, event.shiftKey)}
        />
      ),
    },
    {
      id: "execution",
      label: "Execution",
      width: "minmax(9rem, 16.5rem)",
      cell: (row) => (
        <span className="mf-execution-cell">
          <ExecutionLink id={row.execution_id} />
          <span className="mf-execution-sub mf-one-line">
            {row.workflow_name} · <Ago at={row.created_at} />
          </span>
        </span>
      ),
    },
  ];
}

interface SelectionBarProps {
  readonly selection: Selection;
  readonly loaded: number;
  readonly hasMore: boolean;
  readonly begin: (operation: BulkOperation) => void;
}

function SelectionBar({ selection, loaded, hasMore, begin }: SelectionBarProps) {
  return (
    <section className="mf-selection" aria-label="Chosen executions">
      <strong role="status">
        {selection.isAll ? "All that fit the filter are chosen" : `${selection.count.toLocaleString()} chosen`}
      </strong>
      {!selection.isAll && (hasMore ? selection.count >= loaded : selection.count > IDS_MAX) ? (
        <Button size="compact-sm" variant="subtle" onClick={selection.everything}>
          Choose all that fit the filter
        </Button>
      ) : null}
      {OPERATIONS.map(({ id, label }) => (
        <Button
          key={id}
          size="compact-sm"
          variant="default"
          onClick={() => begin(id)}
          disabled={!selection.isAll && selection.count > IDS_MAX}
        >
          {label}
        </Button>
      ))}
      <Button size="compact-sm" variant="subtle" onClick={selection.clear} ml="auto">
        Choose none
      </Button>
    </section>
  );
}

interface ColumnsMenuProps {
  readonly columns: readonly string[];
  readonly change: (columns: readonly string[]) => void;
}

function ColumnsMenu({ columns, change }: ColumnsMenuProps) {
  return (
    <Menu closeOnItemClick={false} position="bottom-end">
      <Menu.Target>
        <Tooltip label="Columns">
          <ActionIcon variant="default" size={36} aria-label="Columns" visibleFrom="sm">
            <IconColumns3 size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {COLUMNS.map(({ id, label }) => (
          <Menu.Item
            key={id}
            role="menuitemcheckbox"
            aria-checked={columns.includes(id)}
            leftSection={<Checkbox size="xs" checked={columns.includes(id)} readOnly tabIndex={-1} aria-hidden />}
            onClick={() => change(columns.includes(id) ? columns.filter((other) => other !== id) : [...columns, id])}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function NoExecutions({ isFiltered, clear }: { readonly isFiltered: boolean; readonly clear: () => void }) {
  return isFiltered ? (
    <Empty
      icon={IconListDetails}
      title="No execution fits"
      action={
        <Button variant="default" onClick={clear}>
          Take all filters away
        </Button>
      }
    >
      What begins and fits appears here by itself.
    </Empty>
  ) : (
    <Empty
      icon={IconListDetails}
      title="Nothing has been started yet"
      action={
        <Button component={Link} to="/workflows">
          To the workflows
        </Button>
      }
    >
      Start a workflow, and its execution appears here at once.
    </Empty>
  );
}
