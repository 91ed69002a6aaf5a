/** The programs that do the work: who is there, how they say they are, and how much waits for them. */

import "./executors.css";
import { Code, Group, Table, Text, Title } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ExecutorMessage, HealthCheck, InstanceMessage } from "../../../src/core/protocol/executors.ts";
import { listExecutors } from "../api/executors.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Ago } from "../parts/time.tsx";
import { ToneBadge } from "../parts/tone-badge.tsx";

const REFRESH_MS = 2000;

export function ExecutorsPage() {
  const list = useInfiniteQuery({
    queryKey: ["executors"],
    queryFn: ({ pageParam, signal }) => listExecutors(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: REFRESH_MS,
  });
  const executors = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div>
      <PageHead
        title="Executors"
        about="Your own programs: they take tasks, do them, and say how they are. An instance is one process of an executor."
      />
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="executors" /> : null}
      {list.isSuccess && executors.length === 0 ? (
        <Empty icon={IconPlugConnected} title="No executor has been heard of yet">
          An executor shows up with its first poll. Tasks for executors that nobody runs wait, and nothing is lost.
        </Empty>
      ) : null}
      <div className="mf-stack">
        {executors.map((executor) => (
          <Executor key={executor.name} executor={executor} />
        ))}
      </div>
      <MoreButton list={list} what="executors" />
    </div>
  );
}

const PRESENCE = { online: "good", stale: "waiting", offline: "bad" } as const;
const HEALTH = { healthy: "good", degraded: "waiting", unhealthy: "bad", unknown: "neutral" } as const;

function Executor({ executor }: { readonly executor: ExecutorMessage }) {
  return (
    <section className="mf-panel mf-card" aria-label={executor.name}>
      <Group justify="space-between" mb="xs">
        <Group gap="sm">
          <Title order={2} className="mf-said">
            {executor.name}
          </Title>
          <ToneBadge tone={PRESENCE[executor.status]} label={executor.status} />
          {executor.health === "unknown" ? null : <ToneBadge tone={HEALTH[executor.health]} label={executor.health} />}
        </Group>
        <Text fz="sm" className="mf-figures">
          <strong>{executor.waiting}</strong> {executor.waiting === 1 ? "task waits" : "tasks wait"}
        </Text>
      </Group>
      <div className="mf-executor-functions">
        {executor.functions.length === 0 ? (
          <Text fz="sm" c="dimmed">
            It takes every function.
          </Text>
        ) : null}
        {executor.functions.map((name) => (
          <Code key={name} className="mf-said">
            {name}
          </Code>
        ))}
      </div>
      {executor.instances.length === 0 ? (
        <Text c="dimmed" fz="sm">
          No instance is there.
        </Text>
      ) : (
        <Instances instances={executor.instances} />
      )}
    </section>
  );
}

function Instances({ instances }: { readonly instances: readonly InstanceMessage[] }) {
  return (
    <div className="mf-scroll" tabIndex={0} role="region" aria-label="Instances">
      <Table verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Instance</Table.Th>
            <Table.Th scope="col">Health</Table.Th>
            <Table.Th scope="col">At work</Table.Th>
            <Table.Th scope="col">Version</Table.Th>
            <Table.Th scope="col">Last seen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {instances.map((instance) => (
            <Table.Tr key={instance.instance}>
              <Table.Td className="mf-mono mf-said" miw={180}>
                {instance.instance}
              </Table.Td>
              <Table.Td>
                <ToneBadge tone={HEALTH[instance.health]} label={instance.health} />
                {instance.checks
                  .filter(({ status }) => status !== "healthy")
                  .map((check) => (
                    <Check key={check.name} check={check} />
                  ))}
              </Table.Td>
              <Table.Td miw={130}>
                <Load leased={instance.leased} concurrency={instance.concurrency} />
              </Table.Td>
              <Table.Td>{instance.version ?? "–"}</Table.Td>
              <Table.Td>
                <Ago at={instance.last_seen} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Check({ check }: { readonly check: HealthCheck }) {
  return (
    <Text fz="xs" className="mf-said">
      {check.name}: {check.message ?? check.status}
    </Text>
  );
}

/** How much of what it can do at a time it does. */
function Load({ leased, concurrency }: { readonly leased: number; readonly concurrency: number | null }) {
  if (concurrency === null || concurrency === 0) return <span className="mf-figures">{leased}</span>;
  return (
    <span className="mf-executor-load">
      <meter min={0} max={concurrency} value={Math.min(leased, concurrency)} aria-label="Tasks at work" />
      <span className="mf-figures">
        {leased} of {concurrency}
      </span>
    </span>
  );
}
