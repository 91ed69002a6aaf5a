/** How everything is: what ran in the period and before it, how the platform itself does, and what happens right now. */

import "./overview.css";
import { Anchor, Group, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ExecutionFigures } from "../../../src/core/protocol/figures.ts";
import { listExecutions } from "../api/executions.ts";
import { readExecutionFigures, readSystemStatus } from "../api/figures.ts";
import { useLiveChanges } from "../api/use-live.ts";
import { Failure, Loading, PageHead } from "../app/page-states.tsx";
import { SeriesChart } from "../parts/charts/series-chart.tsx";
import { ExecutionRows } from "../parts/execution-rows.tsx";
import { PeriodPicker } from "../parts/period-picker.tsx";
import { durationText } from "../parts/time.tsx";
import { SystemPanel } from "./system-panel.tsx";
import { Tiles } from "./tiles.tsx";

const route = getRouteApi("/dashboard");
const FIGURES_MS = 5000;
const SYSTEM_MS = 2000;
const NEWEST = 12;

export function OverviewPage() {
  const { period = "1h" } = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const figures = useQuery({
    queryKey: ["figures", "executions", period],
    queryFn: ({ signal }) => readExecutionFigures({ period, compare: true }, signal),
    refetchInterval: FIGURES_MS,
    placeholderData: (previous) => previous,
  });
  const system = useQuery({
    queryKey: ["figures", "system"],
    queryFn: ({ signal }) => readSystemStatus(signal),
    refetchInterval: SYSTEM_MS,
  });
  useLiveChanges("execution", () => {
    void client.invalidateQueries({ queryKey: ["figures", "executions"] });
    void client.invalidateQueries({ queryKey: ["executions", "newest"] });
  });
  return (
    <div className="mf-stack">
      <PageHead
        title="Overview"
        about="All executions of this workspace; test runs are left out."
        actions={
          <PeriodPicker period={period} change={(next) => void navigate({ search: { period: next }, replace: true })} />
        }
      />
      {figures.isError ? <Failure error={figures.error} retry={() => void figures.refetch()} /> : null}
      {figures.isPending ? <Loading what="the figures" /> : null}
      {figures.data === undefined ? null : <Figures figures={figures.data} />}
      <div className="mf-columns">
        <Activity />
        {system.isError ? <Failure error={system.error} retry={() => void system.refetch()} /> : null}
        {system.isPending ? <Loading what="the platform's state" /> : null}
        {system.data === undefined ? null : <SystemPanel system={system.data} />}
      </div>
    </div>
  );
}

function Figures({ figures }: { readonly figures: ExecutionFigures }) {
  const { series } = figures;
  const at = series.map((point) => point.at);
  return (
    <>
      <Tiles figures={figures} />
      <div className="mf-columns mf-columns-even">
        <section className="mf-panel mf-card">
          <SeriesChart
            title="Executions that ended"
            kind="stacked"
            at={at}
            format={countText}
            series={[
              { label: "completed", tone: "good", values: series.map(({ completed }) => completed) },
              { label: "failed", tone: "bad", values: series.map(({ failed, timed_out }) => failed + timed_out) },
              { label: "cancelled", tone: "neutral", values: series.map(({ cancelled }) => cancelled) },
            ]}
          />
        </section>
        <section className="mf-panel mf-card">
          <SeriesChart
            title="How long they took"
            kind="lines"
            at={at}
            format={(seconds) => durationText(seconds * 1000)}
            series={[
              { label: "half", tone: "active", values: series.map(({ p50 }) => p50) },
              { label: "95 %", tone: "undone", values: series.map(({ p95 }) => p95) },
              { label: "99 %", tone: "waiting", values: series.map(({ p99 }) => p99) },
            ]}
          />
        </section>
      </div>
    </>
  );
}

const COUNT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, notation: "compact" });

function countText(value: number): string {
  return COUNT.format(value);
}

function Activity() {
  const newest = useQuery({
    queryKey: ["executions", "newest", "all"],
    queryFn: ({ signal }) => listExecutions({ limit: NEWEST }, signal),
    refetchInterval: FIGURES_MS,
  });
  return (
    <section className="mf-panel mf-card" aria-labelledby="activity">
      <Group justify="space-between" mb="xs">
        <Title order={2} id="activity">
          Happening now
        </Title>
        <Anchor component={Link} to="/executions" fz="sm">
          All executions
        </Anchor>
      </Group>
      {newest.isError ? <Failure error={newest.error} retry={() => void newest.refetch()} /> : null}
      {newest.isPending ? <Loading what="executions" /> : null}
      {newest.data === undefined ? null : newest.data.items.length === 0 ? (
        <p className="mf-chart-read">Nothing has been started yet.</p>
      ) : (
        <ExecutionRows executions={newest.data.items} showsWorkflow />
      )}
    </section>
  );
}
