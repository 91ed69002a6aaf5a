/** One step at the moment that is shown: its state, its data, its lines, and what can be done to it. */

import { ActionIcon, Button, Group, Tabs, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { WaitMessage } from "../../../src/core/protocol/explanations.ts";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { JsonViewer } from "../parts/json-viewer.tsx";
import { StatusBadge } from "../parts/status.tsx";
import { durationText } from "../parts/time.tsx";
import type { RunActions } from "./actions.tsx";
import { ErrorTree } from "./error-tree.tsx";
import { Lines } from "./failure-panel.tsx";
import { statusOf } from "./timeline-rows.ts";
import type { Run } from "./use-run.ts";

interface StepPanelProps {
  readonly run: Run;
  readonly path: string;
  readonly seq: number;
  readonly waits: readonly WaitMessage[];
  readonly actions: RunActions | null;
  readonly close: () => void;
}

const LINES_MAX = 200;

export function StepPanel({ run: { model, turn }, path, seq, waits, actions, close }: StepPanelProps) {
  const place = model.places.get(path);
  const step = model.stepAt(path, seq);
  const input = model.inputAt(path, seq);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const lines = useMemo(
    () =>
      model.events
        .slice(0, seq)
        .filter((event) => event.path === path)
        .slice(-LINES_MAX),
    [model, turn, seq, path],
  );
  const wait = waits.find((other) => other.path === path);
  const hasBegun = place !== undefined && place.firstSeq <= seq;
  const status = step?.status ?? (hasBegun ? statusOf(model, place, seq) : "pending");
  const isOpen = status === "scheduled" || status === "running" || status === "waiting";
  return (
    <section className="mf-panel mf-card mf-stack" aria-label={`Step ${path}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text fw={650} className="mf-said" component="h2" m={0} fz="md">
            {path}
          </Text>
          <Group gap="xs" mt={4}>
            <StatusBadge status={status} />
            <Text fz="sm" c="dimmed">
              {[
                step?.type,
                step !== null && step.attempts > 1 ? `${step.attempts} attempts` : null,
                step?.duration == null ? null : durationText(step.duration * 1000),
                step?.reason == null ? null : step.reason.replaceAll("_", " "),
                step?.fallback === true ? "by its fallback" : null,
              ]
                .filter((word) => word !== null && word !== undefined)
                .join(" · ")}
            </Text>
          </Group>
        </div>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label="Close the step" onClick={close}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Group>
      {wait === undefined ? null : (
        <Text fz="sm" className="mf-said" c="var(--mf-waiting)">
          {wait.sentence}
        </Text>
      )}
      {place?.child == null ? null : (
        <Group gap="xs" fz="sm" wrap="nowrap">
          Child <ExecutionLink id={place.child} />
        </Group>
      )}
      {actions === null || !hasBegun ? null : (
        <Group gap="xs">
          <Button size="compact-sm" variant="default" onClick={() => actions.ask("rerun-from", path)}>
            Rerun from here
          </Button>
          {isOpen && actions.can("skip") ? (
            <>
              <Button size="compact-sm" variant="default" onClick={() => actions.ask("skip", path)}>
                Skip
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => actions.ask("complete", path)}>
                Complete by hand
              </Button>
            </>
          ) : null}
        </Group>
      )}
      {step?.error == null ? null : <ErrorTree error={step.error} />}
      <Tabs defaultValue="output" keepMounted={false}>
        <Tabs.List mb="xs">
          <Tabs.Tab value="input">Input</Tabs.Tab>
          <Tabs.Tab value="output">Output</Tabs.Tab>
          <Tabs.Tab value="lines">Lines</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="input">
          {input === null ? (
            <Nothing>No input was recorded by then.</Nothing>
          ) : (
            <Value value={input.input} label={`input of ${path}`} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="output">
          {step === null || step.status === "scheduled" || step.status === "running" || step.status === "waiting" ? (
            <Nothing>It has not given anything by then.</Nothing>
          ) : (
            <Value value={step.output} label={`output of ${path}`} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="lines">
          {lines.length === 0 ? <Nothing>Nothing has happened by then.</Nothing> : <Lines events={lines} />}
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function Value({ value, label }: { readonly value: Json; readonly label: string }) {
  return <JsonViewer key={label} value={value} label={label} heightMax={420} />;
}

function Nothing({ children }: { readonly children: string }) {
  return (
    <Text c="dimmed" fz="sm">
      {children}
    </Text>
  );
}
