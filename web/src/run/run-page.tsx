/**
 * One execution: what it is, why it has not ended or why it failed, its whole history to be walked through, and everything that
 * can be done to it. A failed one opens on its failure, one that goes on opens on its diagram.
 */

import "./run.css";
import { Group, Progress, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { ExecutionStatus } from "../../../src/core/protocol/executions.ts";
import { explainExecution } from "../api/executions.ts";
import { useAnnounce } from "../app/announcer.tsx";
import { Failure, Loading, PageHead } from "../app/page-states.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { SplitPane } from "../parts/split-pane.tsx";
import { lookOf, StatusBadge } from "../parts/status.tsx";
import { Ago, Elapsed } from "../parts/time.tsx";
import { ActionMenu, type RunActions, useRunActions } from "./actions.tsx";
import { DataTab } from "./data-tab.tsx";
import { failedPath } from "./failed-step.ts";
import { FailurePanel } from "./failure-panel.tsx";
import { HistoryTab } from "./history-tab.tsx";
import { type Leases, leasesOf } from "./leases.ts";
import { LogsTab } from "./logs-tab.tsx";
import type { Head } from "./run-model.ts";
import { Scrubber } from "./scrubber.tsx";
import { RUN_TABS, type RunSearch, type RunTab } from "./search.ts";
import { StepPanel } from "./step-panel.tsx";
import { Timeline } from "./timeline.tsx";
import { useMoment } from "./use-moment.ts";
import { type Run, useRun } from "./use-run.ts";
import { Waiting } from "./waiting.tsx";

const route = getRouteApi("/executions/$id");
// Drawing takes a library that lists and lines do without.
const DiagramTab = lazy(async () => ({ default: (await import("./diagram-tab.tsx")).DiagramTab }));
const NO_LEASES: Leases = new Map();
const EXPLAIN_MS = 1000;

export function RunPage() {
  const { id } = route.useParams();
  const { file } = route.useSearch();
  const { run, error } = useRun(id, file === true);
  if (error !== null) {
    return (
      <div>
        <PageHead title={<span className="mf-mono">{id}</span>} />
        <Failure error={error} />
      </div>
    );
  }
  if (run === null || (!run.isLoaded && run.model.lastSeq === 0)) return <Loading what="the execution" />;
  return <Shown key={id} run={run} />;
}

function Shown({ run }: { readonly run: Run }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { model } = run;
  const set = (part: { readonly [K in keyof RunSearch]?: RunSearch[K] | undefined }) =>
    void navigate({ search: (before: RunSearch) => without({ ...before, ...part }), replace: true });
  const moment = useMoment(model, search.at, (at) => set({ at }));
  const now = model.heads.at(-1) ?? null;
  const head = model.headAt(moment.seq);
  const status: ExecutionStatus = now?.status ?? run.facts.status;
  const isLive = run.message !== null && (status === "running" || status === "queued" || status === "paused");
  const explanation = useQuery({
    queryKey: ["explain", run.id],
    queryFn: ({ signal }) => explainExecution(run.id, signal),
    enabled: isLive,
    refetchInterval: EXPLAIN_MS,
  });
  const why = isLive ? explanation.data : undefined;
  const leases = useMemo(() => leasesOf(why), [why]);
  const actions = useRunActions(run, status, moment.seq);
  const allowed = run.message === null ? null : actions;
  const isFailed = head !== null && (head.status === "failed" || head.status === "timed_out");
  const failed = isFailed ? failedPath(model, moment.seq) : null;
  const firstTab = useFirstTab(status, run.text !== null);
  const tab = search.tab ?? firstTab;
  const choose = (step: string | undefined) => set({ step });
  useTold(status);
  return (
    <div>
      <RunHead run={run} head={head} status={status} isNow={moment.isNow} actions={allowed} />
      {why !== undefined && moment.isNow && why.waits.length > 0 ? <Waiting explanation={why} choose={choose} /> : null}
      {isFailed ? (
        <FailurePanel run={run} head={head} path={failed} seq={moment.seq} actions={allowed} choose={choose} />
      ) : null}
      <Scrubber model={model} moment={moment} isLive={isLive} />
      {model.hasStates ? null : <NoStates reason={model.failure} />}
      <Tabs value={tab} onChange={(word) => set({ tab: RUN_TABS.find((other) => other === word) })} keepMounted={false}>
        <Tabs.List mb="md">
          {SHOWN_TABS.filter(([name]) => name !== "diagram" || run.text !== null).map(([name, label]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <SplitPane
          name="run.step"
          label="Width of the step"
          main={
            <>
              <Tabs.Panel value="diagram">
                {run.text === null ? null : (
                  <Suspense fallback={<Loading what="the diagram" />}>
                    <DiagramTab
                      run={run}
                      text={run.text}
                      seq={moment.seq}
                      leases={moment.isNow ? leases : NO_LEASES}
                      chosen={search.step}
                      choose={choose}
                    />
                  </Suspense>
                )}
              </Tabs.Panel>
              <Tabs.Panel value="timeline">
                <Timeline
                  run={run}
                  seq={moment.seq}
                  isNow={moment.isNow}
                  leases={leases}
                  chosen={search.step}
                  choose={choose}
                />
              </Tabs.Panel>
              <Tabs.Panel value="history">
                <HistoryTab run={run} seq={moment.seq} go={moment.go} />
              </Tabs.Panel>
              <Tabs.Panel value="data">
                <DataTab run={run} seq={moment.seq} chosen={search.step} />
              </Tabs.Panel>
              <Tabs.Panel value="logs">
                <LogsTab run={run} seq={moment.seq} isNow={moment.isNow} isLive={isLive} choose={choose} />
              </Tabs.Panel>
            </>
          }
          side={
            search.step === undefined ? null : (
              <StepPanel
                key={search.step}
                run={run}
                path={search.step}
                seq={moment.seq}
                waits={moment.isNow ? (why?.waits ?? []) : []}
                actions={allowed}
                close={() => choose(undefined)}
              />
            )
          }
        />
      </Tabs>
      {actions.dialog}
    </div>
  );
}

const SHOWN_TABS: readonly (readonly [RunTab, string])[] = [
  ["diagram", "Diagram"],
  ["timeline", "Timeline"],
  ["history", "History"],
  ["data", "Data"],
  ["logs", "Logs"],
];

/** What it opens on is decided once: it does not change under the reader when the execution ends. */
function useFirstTab(status: ExecutionStatus, hasText: boolean): RunTab {
  const [tab] = useState<RunTab>(() =>
    hasText && (status === "running" || status === "queued" || status === "paused") ? "diagram" : "timeline",
  );
  return tab;
}

function useTold(status: ExecutionStatus): void {
  const announce = useAnnounce();
  const before = useRef(status);
  useEffect(() => {
    if (before.current === status) return;
    before.current = status;
    announce(`Execution ${lookOf(status).label.toLowerCase()}`);
  }, [status, announce]);
}

function without(search: object): RunSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

interface RunHeadProps {
  readonly run: Run;
  readonly head: Head | null;
  readonly status: ExecutionStatus;
  readonly isNow: boolean;
  readonly actions: RunActions | null;
}

function RunHead({ run, head, status, isNow, actions }: RunHeadProps) {
  const { facts, message } = run;
  const shown = isNow ? status : (head?.status ?? status);
  const progress = head?.progress ?? null;
  return (
    <>
      <PageHead
        title={
          <Group gap="sm" component="span" wrap="wrap">
            <Link to="/workflows/$workflow" params={{ workflow: facts.workflow_name }} className="mf-run-workflow">
              {facts.workflow_name}
            </Link>
            <StatusBadge status={shown} />
            {head?.phase == null ? null : (
              <Text span fz="sm" c="dimmed">
                {head.phase === "closing" ? "winds up" : "is being undone"}
              </Text>
            )}
          </Group>
        }
        about={
          <div className="mf-run-facts">
            <span>
              <span className="mf-mono mf-said">{run.id}</span>
              <CopyButton text={() => run.id} label="Copy the id" />
            </span>
            <span>
              Version <strong className="mf-mono">{facts.version}</strong>
            </span>
            <span>
              Started{" "}
              <strong>
                <Ago at={facts.created_at} />
              </strong>
            </span>
            <span>
              Took{" "}
              <strong>
                <Elapsed from={facts.started_at} to={message === null ? facts.finished_at : message.finished_at} />
              </strong>
            </span>
            {message?.parent == null ? null : (
              <span>
                Parent <ExecutionLink id={message.parent.execution_id} />
              </span>
            )}
            {message?.origin == null ? null : (
              <span>
                {message.origin.kind === "rerun" ? "Rerun of" : "Goes on from"}{" "}
                <ExecutionLink id={message.origin.execution_id} />
              </span>
            )}
            {message === null ? (
              <span>
                <strong>Shown from a file</strong>
              </span>
            ) : (
              <Link to="/executions" search={{ parent: run.id }} className="mf-run-link">
                Children
              </Link>
            )}
            {message === null ? null : (
              <Link to="/compare/executions" search={{ a: run.id }} className="mf-run-link">
                Compare
              </Link>
            )}
          </div>
        }
        actions={actions === null ? null : <ActionMenu run={run} actions={actions} />}
      />
      {progress === null || progress.total === 0 ? null : (
        <Group gap="sm" mb="sm" wrap="nowrap">
          <Progress
            value={(progress.completed / progress.total) * 100}
            size="sm"
            style={{ flex: 1 }}
            aria-label="Steps done"
            color={shown === "failed" || shown === "timed_out" ? "red.7" : shown === "completed" ? "teal.7" : "violet"}
          />
          <Text fz="sm" c="dimmed" className="mf-figures">
            {progress.completed} of {progress.total} steps
          </Text>
        </Group>
      )}
      {message?.warnings.map((warning) => (
        <Text key={`${warning.code}${warning.at}`} fz="sm" c="var(--mf-waiting)" className="mf-said" mb="xs">
          {warning.code}: {warning.message}
        </Text>
      ))}
    </>
  );
}

function NoStates({ reason }: { readonly reason: string | null }) {
  return (
    <Text fz="sm" c="dimmed" mb="sm" className="mf-said" role="status">
      {reason === null
        ? "The text of this version is not known here, so the states of steps cannot be worked out; events, times and data are all there."
        : `This history does not fit the text of its version (${reason}); events, times and data are all there.`}
    </Text>
  );
}
