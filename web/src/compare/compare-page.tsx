/** Two executions beside one another: their steps in pairs, how long each took, what differs in their data, and their timelines. */

import { Button, Group, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { StepMessage } from "../../../src/core/protocol/executions.ts";
import { listExecutions } from "../api/executions.ts";
import { Failure, Loading, PageHead } from "../app/page-states.tsx";
import { Diff } from "../parts/diff.tsx";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { StatusBadge } from "../parts/status.tsx";
import { Ago, durationText, Elapsed } from "../parts/time.tsx";
import { type VirtualColumn, VirtualTable } from "../parts/virtual-table.tsx";
import { dataOf } from "../run/data-tab.tsx";
import type { Leases } from "../run/leases.ts";
import { Timeline } from "../run/timeline.tsx";
import { type Run, useRun } from "../run/use-run.ts";
import { align, type StepPair } from "./align.ts";
import "../run/run.css";

const route = getRouteApi("/compare/executions");
const NO_LEASES: Leases = new Map();
const SUGGESTED = 8;

export function ComparePage() {
  const { a, b } = route.useSearch();
  return (
    <div>
      <PageHead
        title="Compare two executions"
        about="Their steps in pairs, and what differs in what they were given and gave."
      />
      <Choose a={a} b={b} key={`${a}/${b}`} />
      {a === undefined || b === undefined ? null : <Pair a={a} b={b} key={`${a} ${b}`} />}
    </div>
  );
}

function Choose({ a, b }: { readonly a: string | undefined; readonly b: string | undefined }) {
  const navigate = route.useNavigate();
  const like = useQuery({
    queryKey: ["compare-with", a],
    enabled: a !== undefined && b === undefined,
    queryFn: async ({ signal }) => {
      const { items } = await listExecutions({ text: a ?? "", limit: 1 }, signal);
      const [one] = items;
      if (one === undefined) return [];
      const others = await listExecutions({ workflow: one.workflow_name, limit: SUGGESTED + 1 }, signal);
      return others.items.filter((other) => other.execution_id !== a).slice(0, SUGGESTED);
    },
  });
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          void navigate({ search: { a: String(form.get("a")).trim(), b: String(form.get("b")).trim() } });
        }}
      >
        <Group align="flex-end" mb="md">
          <TextInput
            name="a"
            label="First"
            placeholder="Id"
            defaultValue={a ?? ""}
            required
            w={{ base: "100%", xs: 320 }}
          />
          <TextInput
            name="b"
            label="Second"
            placeholder="Id"
            defaultValue={b ?? ""}
            required
            w={{ base: "100%", xs: 320 }}
          />
          <Button type="submit">Compare</Button>
        </Group>
      </form>
      {like.data === undefined || like.data.length === 0 ? null : (
        <section className="mf-panel mf-card" aria-label="Others of the same workflow">
          <Text fw={600} mb="xs">
            Others of the same workflow
          </Text>
          {like.data.map((other) => (
            <Group key={other.execution_id} gap="sm" mb={6} wrap="nowrap">
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => void navigate({ search: { ...(a === undefined ? {} : { a }), b: other.execution_id } })}
                className="mf-mono"
              >
                {other.execution_id}
              </Button>
              <StatusBadge status={other.status} />
              <Text fz="sm" c="dimmed">
                <Ago at={other.created_at} />
              </Text>
            </Group>
          ))}
        </section>
      )}
    </>
  );
}

function Pair({ a, b }: { readonly a: string; readonly b: string }) {
  const first = useRun(a, false);
  const second = useRun(b, false);
  const error = first.error ?? second.error;
  if (error !== null) return <Failure error={error} />;
  if (first.run === null || second.run === null) return <Loading what="both executions" />;
  return <Compared a={first.run} b={second.run} />;
}

function Compared({ a, b }: { readonly a: Run; readonly b: Run }) {
  const pairs = align(a.model.stepsAt(a.model.lastSeq), b.model.stepsAt(b.model.lastSeq));
  const columns: readonly VirtualColumn<StepPair>[] = [
    {
      id: "path",
      label: "Step",
      width: "minmax(7rem, 2fr)",
      cell: ({ path }) => (
        <span className="mf-mono mf-one-line" title={path}>
          {path}
        </span>
      ),
    },
    { id: "a", label: "First", width: "8rem", cell: ({ a: step }) => <State step={step} /> },
    { id: "b", label: "Second", width: "8rem", cell: ({ b: step }) => <State step={step} /> },
    { id: "ta", label: "Took", width: "6rem", isNumber: true, isWide: true, cell: ({ a: step }) => tookText(step) },
    { id: "tb", label: "Took", width: "6rem", isNumber: true, isWide: true, cell: ({ b: step }) => tookText(step) },
    { id: "d", label: "Difference", width: "7rem", isNumber: true, isWide: true, cell: differenceText },
  ];
  return (
    <div className="mf-stack">
      <div className="mf-compare">
        <Side run={a} label="First" />
        <Side run={b} label="Second" />
      </div>
      <VirtualTable
        label="Steps in pairs"
        rows={pairs}
        columns={columns}
        keyOf={({ path }) => path}
        rowHeight={38}
        height="22rem"
      />
      <div className="mf-compare">
        {(["input", "output"] as const).map((part) => (
          <section key={part} className="mf-panel mf-card" aria-label={`What differs in the ${part}`}>
            <Text fw={600} mb="xs" tt="capitalize">
              {part}
            </Text>
            <Diff
              before={dataOf(a.model, part, a.model.lastSeq) ?? null}
              after={dataOf(b.model, part, b.model.lastSeq) ?? null}
              beforeLabel="First"
              afterLabel="Second"
            />
          </section>
        ))}
      </div>
      {[a, b].map((run, i) => (
        <section key={run.id} aria-label={i === 0 ? "Timeline of the first" : "Timeline of the second"}>
          <Text fw={600} mb="xs">
            {i === 0 ? "First" : "Second"}
          </Text>
          <Timeline
            run={run}
            seq={run.model.lastSeq}
            isNow
            leases={NO_LEASES}
            chosen={undefined}
            choose={() => undefined}
            height="20rem"
          />
        </section>
      ))}
    </div>
  );
}

function Side({ run, label }: { readonly run: Run; readonly label: string }) {
  const head = run.model.heads.at(-1);
  return (
    <section className="mf-panel mf-card" aria-label={label}>
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} className="mf-said">
          {label}: {run.facts.workflow_name} {run.facts.version}
        </Text>
        <StatusBadge status={head?.status ?? run.facts.status} />
      </Group>
      <ExecutionLink id={run.id} />
      <Text fz="sm" c="dimmed">
        Started <Ago at={run.facts.created_at} />, took{" "}
        <Elapsed from={run.facts.started_at} to={run.facts.finished_at} />
      </Text>
      {head?.error == null ? null : (
        <Text fz="sm" c="var(--mf-bad)" className="mf-said">
          {head.error.code}: {head.error.message}
        </Text>
      )}
    </section>
  );
}

function State({ step }: { readonly step: StepMessage | null }) {
  return step === null ? <span>–</span> : <StatusBadge status={step.status} />;
}

function tookText(step: StepMessage | null): string {
  return step?.duration == null ? "–" : durationText(step.duration * 1000);
}

function differenceText({ a, b }: StepPair): string {
  if (a?.duration == null || b?.duration == null) return "–";
  const ms = (b.duration - a.duration) * 1000;
  return ms === 0 ? "same" : `${ms > 0 ? "+" : "−"}${durationText(Math.abs(ms))}`;
}
