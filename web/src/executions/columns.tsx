/** The columns of the list: all there are, and which of them somebody has chosen. */

import { Anchor, Badge } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { StatusBadge } from "../parts/status.tsx";
import { Ago, Elapsed } from "../parts/time.tsx";
import type { VirtualColumn } from "../parts/virtual-table.tsx";

type Column = VirtualColumn<ExecutionSummary> & { readonly label: string };

export const COLUMNS: readonly Column[] = [
  {
    id: "workflow",
    label: "Workflow",
    width: "minmax(7rem, 1.4fr)",
    isWide: true,
    cell: (row) => (
      <Anchor
        component={Link}
        to={`/workflows/${encodeURIComponent(row.workflow_name)}`}
        c="inherit"
        fz="sm"
        className="mf-one-line"
      >
        {row.workflow_name}
      </Anchor>
    ),
  },
  {
    id: "version",
    label: "Version",
    width: "5rem",
    isWide: true,
    cell: (row) => <span className="mf-mono">{row.version}</span>,
  },
  { id: "status", label: "Status", width: "8rem", cell: (row) => <StatusBadge status={row.status} /> },
  { id: "started", label: "Started", width: "9rem", isWide: true, cell: (row) => <Ago at={row.created_at} /> },
  {
    id: "took",
    label: "Took",
    width: "6.5rem",
    isWide: true,
    isNumber: true,
    cell: (row) => <Elapsed from={row.started_at} to={row.finished_at} />,
  },
  {
    id: "error",
    label: "Error",
    width: "minmax(7rem, 1.6fr)",
    isWide: true,
    cell: (row) =>
      row.error === null ? null : (
        <span className="mf-one-line" title={`${row.error.code}: ${row.error.message}`}>
          {row.error.message === row.error.code ? row.error.code : `${row.error.code}: ${row.error.message}`}
        </span>
      ),
  },
  {
    id: "tags",
    label: "Tags",
    width: "minmax(5rem, 1fr)",
    isWide: true,
    cell: (row) =>
      row.tags.map((tag) => (
        <Badge key={tag} size="sm" mr={4} variant="light" color="gray" tt="none">
          {tag}
        </Badge>
      )),
  },
  { id: "priority", label: "Priority", width: "4rem", isWide: true, isNumber: true, cell: (row) => row.priority },
  {
    id: "parent",
    label: "Parent",
    width: "9rem",
    isWide: true,
    cell: (row) => (row.parent_id === null ? null : <ExecutionLink id={row.parent_id} />),
  },
  {
    id: "metadata",
    label: "Metadata",
    width: "minmax(8rem, 1.4fr)",
    isWide: true,
    cell: (row) => (
      <span className="mf-mono mf-one-line">
        {Object.entries(row.metadata)
          .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join(" ")}
      </span>
    ),
  },
];

export const COLUMNS_DEFAULT: readonly string[] = ["workflow", "status", "started", "took", "error"];

export function parseColumns(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return COLUMNS.map(({ id }) => id).filter((id) => value.includes(id));
}
