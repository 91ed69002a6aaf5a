/** The platform itself: its parts and how they are, what it uses, and what waits for it. */

import { Anchor, Group, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SystemStatus } from "../../../src/core/protocol/figures.ts";
import { Sparkline } from "../parts/charts/sparkline.tsx";
import { durationText } from "../parts/time.tsx";
import { ToneBadge } from "../parts/tone-badge.tsx";

const TONES = { ok: "good", degraded: "waiting", failing: "bad" } as const;

export function SystemPanel({ system }: { readonly system: SystemStatus }) {
  const { cpu, memory, event_loop, store, tasks, cache, connections, executions, series } = system;
  const asked = cache.definitions.hits + cache.definitions.misses;
  return (
    <section className="mf-panel mf-card" aria-labelledby="system">
      <Group justify="space-between" mb="xs">
        <Title order={2} id="system">
          Platform
        </Title>
        <ToneBadge tone={TONES[system.status]} label={system.status} />
      </Group>
      <ul className="mf-components">
        {system.components.map(({ name, status, message }) => (
          <li key={name}>
            <ToneBadge tone={TONES[status]} label={name} />
            {message === null ? null : <span className="mf-said">{message}</span>}
          </li>
        ))}
      </ul>
      <dl className="mf-meters">
        <Meter name="Processor" value={`${Math.round(cpu.used * 100)} %`} note={`of ${cpu.processors}`}>
          <Sparkline values={series.map((point) => point.cpu)} label="Processor, the last 15 minutes" />
        </Meter>
        <Meter name="Memory" value={bytesText(memory.resident)} note={`of ${bytesText(memory.available)}`}>
          <Sparkline values={series.map((point) => point.memory)} label="Memory, the last 15 minutes" />
        </Meter>
        <Meter
          name="Tasks waiting"
          value={String(tasks.waiting)}
          note={
            tasks.oldest_age === null ? `${tasks.leased} at work` : `oldest ${durationText(tasks.oldest_age * 1000)}`
          }
        >
          <Sparkline values={series.map((point) => point.waiting)} label="Tasks waiting, the last 15 minutes" />
        </Meter>
        <Meter name="Event loop late" value={durationText(event_loop.p99 * 1000)} note="99 %">
          <Sparkline
            values={series.map((point) => point.loop_delay)}
            label="How late the event loop was, the last 15 minutes"
          />
        </Meter>
      </dl>
      <dl className="mf-facts">
        <Line name="Store">
          {store.bytes === null ? "–" : bytesText(store.bytes)}, {store.executions ?? "–"} executions
        </Line>
        <Line name="Commits">
          half within {millis(store.commit_latency.p50)}, 99 % within {millis(store.commit_latency.p99)}
        </Line>
        <Line name="Write queue">{store.write_queue}</Line>
        <Line name="In memory">
          {executions.in_memory}
          {executions.parked === null ? null : `, ${executions.parked} wait on disk`}
          {executions.quarantined === 0 ? null : `, ${executions.quarantined} in quarantine`}
        </Line>
        <Line name="Definitions">
          {cache.definitions.entries} compiled
          {asked === 0 ? null : `, ${Math.round((cache.definitions.hits / asked) * 100)} % of the time at hand`}
        </Line>
        <Line name="Connections">
          {connections.http} HTTP, {connections.live} live,{" "}
          <Anchor component={Link} to="/executors">
            {connections.executors} executors
          </Anchor>
        </Line>
        <Line name="Running for">{durationText(system.uptime * 1000)}</Line>
      </dl>
    </section>
  );
}

interface MeterProps {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly children: ReactNode;
}

function Meter({ name, value, note, children }: MeterProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong className="mf-figures">{value}</strong> <span className="mf-tile-note">{note}</span>
        {children}
      </dd>
    </div>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mf-figures">{children}</dd>
    </div>
  );
}

function millis(seconds: number | null): string {
  return seconds === null ? "–" : durationText(seconds * 1000);
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}
