/** A failed execution opens on its failure: which step, why, with what, how often it was tried, and what was different last time. */

import { Accordion, Anchor, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Json } from "../../../src/core/base/json.ts";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import { toLogLine } from "../../../src/core/protocol/logs.ts";
import { listExecutions, readExecution, readWholeHistory } from "../api/executions.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { Diff } from "../parts/diff.tsx";
import { JsonViewer } from "../parts/json-viewer.tsx";
import { Ago, clockText } from "../parts/time.tsx";
import type { RunActions } from "./actions.tsx";
import { ErrorTree } from "./error-tree.tsx";
import type { Head } from "./run-model.ts";
import type { Run } from "./use-run.ts";

interface FailurePanelProps {
  readonly run: Run;
  readonly head: Head;
  readonly path: string | null;
  readonly seq: number;
  /** Null: nothing can be done (it is shown from a file). */
  readonly actions: RunActions | null;
  readonly choose: (path: string) => void;
}

const LINES_MAX = 30;
const HISTORY_MAX = 5000;

export function FailurePanel({ run, head, path, seq, actions, choose }: FailurePanelProps) {
  const { model } = run;
  if (head.error === null) return null;
  const step = path === null ? null : model.stepAt(path, seq);
  const input = path === null ? null : model.inputAt(path, seq);
  const lines =
    path === null
      ? []
      : model.events
          .slice(0, seq)
          .filter((event) => event.path === path)
          .slice(-LINES_MAX);
  return (
    <section className="mf-panel mf-card mf-failure mf-stack" aria-label="Failure">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Text fw={650} c="var(--mf-bad)" component="h2" m={0} fz="md" className="mf-said">
          <IconAlertTriangle size={18} aria-hidden style={{ verticalAlign: "-3px" }} />{" "}
          {path === null ? (
            "It failed"
          ) : (
            <>
              <Anchor component="button" type="button" onClick={() => choose(path)} inherit c="inherit" td="underline">
                {path}
              </Anchor>{" "}
              failed
              {step !== null && step.attempts > 1 ? ` after ${step.attempts} attempts` : ""}
            </>
          )}
        </Text>
        {actions === null ? null : (
          <Group gap="xs">
            <Button size="xs" leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => actions.ask("retry")}>
              Retry
            </Button>
            {path === null ? null : (
              <Button size="xs" variant="default" onClick={() => actions.ask("rerun-from", path)}>
                Rerun from here
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlayerPlay size={14} aria-hidden />}
              onClick={() => actions.ask("rerun")}
            >
              Rerun with edited input
            </Button>
          </Group>
        )}
      </Group>
      <ErrorTree error={head.error} />
      <Accordion variant="contained" chevronPosition="left" multiple keepMounted={false} className="mf-failure-more">
        {input === null ? null : (
          <Accordion.Item value="input">
            <Accordion.Control>What the step was given</Accordion.Control>
            <Accordion.Panel>
              <JsonViewer value={input.input} label="input of the step" heightMax={260} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
        {lines.length === 0 ? null : (
          <Accordion.Item value="lines">
            <Accordion.Control>Attempts and lines of the step</Accordion.Control>
            <Accordion.Panel>
              <Lines events={lines} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
        {run.message === null ? null : (
          <Accordion.Item value="success">
            <Accordion.Control>What was different when it last succeeded</Accordion.Control>
            <Accordion.Panel>
              <LastSuccess run={run} path={path} input={input?.input ?? null} />
            </Accordion.Panel>
          </Accordion.Item>
        )}
      </Accordion>
    </section>
  );
}

export function Lines({ events }: { readonly events: readonly HistoryEvent[] }) {
  return (
    <ul className="mf-lines">
      {events.map((event) => (
        <li key={event.seq}>
          <span className="mf-figures">{clockText(Date.parse(event.at))}</span>
          <span className="mf-said">{toLogLine(event).message}</span>
        </li>
      ))}
    </ul>
  );
}

interface LastSuccessProps {
  readonly run: Run;
  readonly path: string | null;
  readonly input: Json;
}

function LastSuccess({ run, path, input }: LastSuccessProps) {
  const { workflow_name: workflow } = run.facts;
  const last = useQuery({
    queryKey: ["last-success", run.id, workflow, path],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { items } = await listExecutions({ workflow, status: "completed", limit: 1 }, signal);
      const [found] = items;
      if (found === undefined) return null;
      const execution = await readExecution(found.execution_id, signal);
      const events = path === null ? [] : await readWholeHistory(found.execution_id, HISTORY_MAX, signal);
      return { execution, stepInput: path === null ? null : inputOf(events, path) };
    },
  });
  if (last.isPending) return <Loading what="the last success" />;
  if (last.isError) return <Failure error={last.error} retry={() => void last.refetch()} />;
  if (last.data === null) return <Text c="dimmed">This workflow has never completed.</Text>;
  const { execution, stepInput } = last.data;
  return (
    <div className="mf-stack">
      <Text fz="sm">
        <Link to="/executions/$id" params={{ id: execution.execution_id }} className="mf-mono">
          {execution.execution_id}
        </Link>{" "}
        completed <Ago at={execution.finished_at ?? execution.created_at} />
        {execution.version === run.facts.version
          ? ""
          : `, with version ${execution.version} (this one: ${run.facts.version})`}
        .
      </Text>
      <section aria-label="Input">
        <Text fw={600} fz="sm">
          Input of the execution
        </Text>
        <Diff before={execution.input} after={run.message?.input ?? null} beforeLabel="Then" afterLabel="This time" />
      </section>
      {path === null || stepInput === null ? null : (
        <section aria-label="Input of the step">
          <Text fw={600} fz="sm" className="mf-said">
            Input of {path}
          </Text>
          <Diff before={stepInput.input} after={input} beforeLabel="Then" afterLabel="This time" />
        </section>
      )}
    </div>
  );
}

function inputOf(events: readonly HistoryEvent[], path: string): { readonly input: Json } | null {
  for (const event of events) {
    if (event.path === path && "input" in event.data && event.data.input !== undefined)
      return { input: event.data.input };
  }
  return null;
}
