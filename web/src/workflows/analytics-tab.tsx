/** Where the time of a workflow goes: what to change, which steps take it and how, what an execution is waited for, the slowest. */

import "../overview/overview.css";
import { Anchor, Group, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type CSSProperties, useState } from "react";
import type { WorkflowFigures } from "../../../src/core/protocol/figures.ts";
import type { Period } from "../../../src/core/protocol/periods.ts";
import { readWorkflowFigures } from "../api/figures.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { Tiles } from "../overview/tiles.tsx";
import { SeriesChart } from "../parts/charts/series-chart.tsx";
import { PeriodPicker } from "../parts/period-picker.tsx";
import type { Tone } from "../parts/status.tsx";
import { dateText, durationText } from "../parts/time.tsx";
import { ToneBadge } from "../parts/tone-badge.tsx";

const REFRESH_MS = 10_000;

export function AnalyticsTab({ workflow }: { readonly workflow: string }) {
  const [period, setPeriod] = useState<Period>("24h");
  const figures = useQuery({
    queryKey: ["figures", "workflow", workflow, period],
    queryFn: ({ signal }) => readWorkflowFigures(workflow, period, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: (previous) => previous,
  });
  return (
    <div className="mf-stack">
      <Group justify="flex-end">
        <PeriodPicker period={period} change={setPeriod} />
      </Group>
      {figures.isError ? <Failure error={figures.error} retry={() => void figures.refetch()} /> : null}
      {figures.isPending ? <Loading what="the figures" /> : null}
      {figures.data === undefined ? null : <Shown figures={figures.data} />}
    </div>
  );
}

function Shown({ figures }: { readonly figures: WorkflowFigures }) {
  const { series } = figures;
  return (
    <>
      <Tiles figures={figures} />
      <Findings figures={figures} />
      <div className="mf-columns mf-columns-even">
        <section className="mf-panel mf-card">
          <SeriesChart
            title="Success over time"
            kind="stacked"
            at={series.map(({ at }) => at)}
            format={String}
            series={[
              { label: "completed", tone: "good", values: series.map(({ completed }) => completed) },
              { label: "failed", tone: "bad", values: series.map(({ failed, timed_out }) => failed + timed_out) },
              { label: "cancelled", tone: "neutral", values: series.map(({ cancelled }) => cancelled) },
            ]}
          />
        </section>
        <HeatMap figures={figures} />
      </div>
      <Steps figures={figures} />
      <div className="mf-columns mf-columns-even">
        <CriticalPath figures={figures} />
        <Slowest figures={figures} />
      </div>
    </>
  );
}

const LEVELS = { info: "neutral", warning: "waiting", critical: "bad" } as const;

function Findings({ figures: { findings } }: { readonly figures: WorkflowFigures }) {
  if (findings.length === 0) return null;
  return (
    <section className="mf-panel mf-card" aria-labelledby="what-to-change">
      <Title order={2} id="what-to-change" mb="xs">
        What to change
      </Title>
      <ul className="mf-findings">
        {findings.map(({ code, level, step, message }) => (
          <li key={`${code} ${step}`}>
            <ToneBadge tone={LEVELS[level]} label={level} />{" "}
            <span className="mf-said">{message.replaceAll("`", "")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How a step spends its time, told apart by colour and by the words below. */
const PHASES: readonly {
  readonly name: "executor" | "running" | "retrying" | "waiting";
  readonly label: string;
  readonly tone: Tone;
}[] = [
  { name: "executor", label: "waits for an executor", tone: "waiting" },
  { name: "running", label: "runs", tone: "active" },
  { name: "retrying", label: "waits to try again", tone: "bad" },
  { name: "waiting", label: "waits for a time, an event or a child", tone: "undone" },
];

function Steps({ figures: { steps, looked_at } }: { readonly figures: WorkflowFigures }) {
  const shown = steps.filter(({ is_container, runs }) => !is_container && runs > 0);
  if (shown.length === 0) return null;
  const longest = Math.max(1e-9, ...shown.map(({ time }) => time.total.mean ?? 0));
  return (
    <section className="mf-panel mf-card" aria-labelledby="bottlenecks">
      <Group justify="space-between">
        <Title order={2} id="bottlenecks">
          Steps
        </Title>
        <Text fz="xs" c="dimmed">
          Read off the newest {looked_at} executions that ended
        </Text>
      </Group>
      <Group gap="md" my="xs" className="mf-chart-legend">
        {PHASES.map(({ name, label, tone }) => (
          <span key={name} data-tone={tone}>
            <i aria-hidden /> {label}
          </span>
        ))}
      </Group>
      <div className="mf-scroll" tabIndex={0} role="region" aria-label="Steps and their time">
        <Table verticalSpacing={8} miw={680}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Step</Table.Th>
              <Table.Th scope="col" w="36%">
                Time of a run
              </Table.Th>
              <Table.Th scope="col">95 %</Table.Th>
              <Table.Th scope="col">On the critical path</Table.Th>
              <Table.Th scope="col">Failed</Table.Th>
              <Table.Th scope="col">Tried again</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((step) => (
              <Table.Tr key={step.step}>
                <Table.Th scope="row" className="mf-said" maw={220}>
                  {step.step}
                </Table.Th>
                <Table.Td>
                  <div className="mf-share">
                    <div
                      className="mf-split"
                      role="img"
                      aria-label={PHASES.map(({ name, label }) => `${label} ${seconds(step.time[name].mean)}`).join(
                        ", ",
                      )}
                    >
                      {PHASES.map(({ name, tone }) => (
                        <i
                          key={name}
                          data-tone={tone}
                          style={{ width: `${((step.time[name].mean ?? 0) / longest) * 100}%` }}
                        />
                      ))}
                    </div>
                    <span className="mf-figures">{seconds(step.time.total.mean)}</span>
                  </div>
                </Table.Td>
                <Table.Td className="mf-figures">{seconds(step.time.total.p95)}</Table.Td>
                <Table.Td className="mf-figures">{Math.round(step.critical_share * 100)} %</Table.Td>
                <Table.Td className="mf-figures">
                  {step.failures} of {step.runs}
                  {step.errors[0] === undefined ? null : (
                    <Text fz="xs" c="dimmed" className="mf-said">
                      {step.errors[0].code}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="mf-figures">{step.retries}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

function CriticalPath({ figures: { critical_path } }: { readonly figures: WorkflowFigures }) {
  if (critical_path.length === 0) return null;
  return (
    <section className="mf-panel mf-card" aria-labelledby="critical">
      <Title order={2} id="critical" mb="xs">
        What an execution is waited for
      </Title>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {critical_path.map(({ step, share, mean }) => (
            <Table.Tr key={step}>
              <Table.Th scope="row" className="mf-said" fw={500}>
                {step}
              </Table.Th>
              <Table.Td w="45%">
                <div className="mf-split" aria-hidden data-tone="active">
                  <i style={{ width: `${share * 100}%` }} />
                </div>
              </Table.Td>
              <Table.Td ta="right" className="mf-figures">
                {Math.round(share * 100)} %, {seconds(mean)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function Slowest({ figures: { slowest } }: { readonly figures: WorkflowFigures }) {
  if (slowest.length === 0) return null;
  return (
    <section className="mf-panel mf-card" aria-labelledby="slowest">
      <Title order={2} id="slowest" mb="xs">
        The slowest
      </Title>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {slowest.map(({ execution_id, started_at, duration }) => (
            <Table.Tr key={execution_id}>
              <Table.Td maw={180}>
                <Anchor
                  component={Link}
                  to={`/executions/${encodeURIComponent(execution_id)}`}
                  className="mf-mono mf-one-line"
                  display="block"
                >
                  {execution_id}
                </Anchor>
              </Table.Td>
              <Table.Td>{dateText(Date.parse(started_at))}</Table.Td>
              <Table.Td ta="right" className="mf-figures">
                {seconds(duration)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

/** Time to the right, how long executions took upwards; the more of them, the stronger the colour. */
function HeatMap({ figures: { heat_map } }: { readonly figures: WorkflowFigures }) {
  const { bounds, points } = heat_map;
  const most = Math.max(1, ...points.flatMap(({ counts }) => counts));
  const used = [...bounds.keys(), bounds.length].filter((row) => points.some(({ counts }) => (counts[row] ?? 0) > 0));
  const [first = 0, last = 0] = [used[0], used.at(-1)];
  const rows = Array.from({ length: last - first + 1 }, (_, i) => last - i);
  const labelOf = (row: number) => (row < bounds.length ? `up to ${seconds(bounds[row] ?? 0)}` : "longer");
  return (
    <section className="mf-panel mf-card" aria-labelledby="heat">
      <Title order={2} id="heat" mb="xs">
        How long they took
      </Title>
      {used.length === 0 ? (
        <Text c="dimmed">Nothing ended in this time.</Text>
      ) : (
        <div
          className="mf-heat"
          role="img"
          aria-label={rows
            .map((row) => `${labelOf(row)}: ${points.reduce((sum, { counts }) => sum + (counts[row] ?? 0), 0)}`)
            .join("; ")}
        >
          {rows.map((row) => (
            <div key={row} className="mf-share">
              <div className="mf-heat-row">
                {points.map(({ at, counts }) => (
                  <i
                    key={at}
                    title={`${dateText(Date.parse(at))}, ${labelOf(row)}: ${counts[row] ?? 0}`}
                    style={heatOf((counts[row] ?? 0) / most)}
                  />
                ))}
              </div>
              <span className="mf-figures">{labelOf(row)}</span>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

/** The root of it: what happened once should be seen beside what happened a hundred times. */
function heatOf(part: number): CSSProperties {
  return { "--mf-heat": Math.sqrt(part) } as CSSProperties;
}

function seconds(value: number | null): string {
  return value === null ? "–" : durationText(value * 1000);
}
