/** The circuit breakers: which calls are let through, which fail at once, and since when. */

import "./executors.css";
import { Anchor, Button, Group, Table, Text, Title } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { BreakerMessage } from "../../../src/core/protocol/breakers.ts";
import { listBreakers, resetBreaker } from "../api/executors.ts";
import { useAnnounce } from "../app/announcer.tsx";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Ago, durationText } from "../parts/time.tsx";
import { ToneBadge } from "../parts/tone-badge.tsx";

const REFRESH_MS = 2000;

const STATES = {
  closed: { tone: "good", label: "closed", about: "Calls go through." },
  open: { tone: "bad", label: "open", about: "Calls fail at once, or wait." },
  half_open: { tone: "waiting", label: "half open", about: "A few calls try whether it is well again." },
} as const;

export function BreakersPage() {
  const list = useInfiniteQuery({
    queryKey: ["breakers"],
    queryFn: ({ pageParam, signal }) => listBreakers(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: REFRESH_MS,
  });
  const breakers = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div>
      <PageHead
        title="Circuit breakers"
        about="What keeps failing is left alone for a while. A step that declares circuit_breaker shares its breaker with every other step that calls the same target."
      />
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="circuit breakers" /> : null}
      {list.isSuccess && breakers.length === 0 ? (
        <Empty icon={IconPlugConnectedX} title="No step declares a circuit breaker">
          Add <code>circuit_breaker</code> to a step that calls something which may fail for long.
        </Empty>
      ) : null}
      <div className="mf-stack">
        {breakers.map((breaker) => (
          <Breaker key={breaker.target} breaker={breaker} />
        ))}
      </div>
      <MoreButton list={list} what="circuit breakers" />
    </div>
  );
}

function Breaker({ breaker }: { readonly breaker: BreakerMessage }) {
  const announce = useAnnounce();
  const client = useQueryClient();
  const reset = useMutation({
    mutationFn: () => resetBreaker(breaker.target),
    onSuccess: async () => {
      announce(`The breaker of ${breaker.target} is closed.`);
      await client.invalidateQueries({ queryKey: ["breakers"] });
    },
  });
  const state = STATES[breaker.state];
  return (
    <section className="mf-panel mf-card" aria-label={breaker.target}>
      <Group justify="space-between" align="start" mb="xs">
        <div className="mf-breaker-row">
          <Group gap="sm">
            <Title order={2} className="mf-said">
              {breaker.target}
            </Title>
            <ToneBadge tone={state.tone} label={state.label} />
          </Group>
          <Text fz="sm" c="dimmed">
            {state.about}
            {breaker.since === null ? null : (
              <>
                {" "}
                Since <Ago at={breaker.since} />.
              </>
            )}
            {breaker.waiting === 0 ? null : ` ${breaker.waiting} wait in line.`}
          </Text>
        </div>
        {breaker.state === "closed" ? null : (
          <Button variant="default" size="xs" loading={reset.isPending} onClick={() => reset.mutate()}>
            Close it
          </Button>
        )}
      </Group>
      {reset.isError ? <Failure error={reset.error} /> : null}
      <dl className="mf-facts">
        <div>
          <dt>Lately</dt>
          <dd className="mf-figures">
            {breaker.window.failures} of {breaker.window.calls} calls failed in the last{" "}
            {durationText(breaker.window.seconds * 1000)}; {breaker.failures} in a row
          </dd>
        </div>
        {breaker.settings === null ? null : (
          <div>
            <dt>Opens at</dt>
            <dd className="mf-figures">
              {breaker.settings.failure_threshold} in a row
              {breaker.settings.failure_rate_threshold === null
                ? null
                : ` or ${breaker.settings.failure_rate_threshold * 100} % of the calls`}
              ; tries again after {durationText(breaker.settings.recovery_timeout * 1000)}
            </dd>
          </div>
        )}
        {breaker.declared_by === null ? null : (
          <div>
            <dt>Declared by</dt>
            <dd>
              <Anchor component={Link} to={`/workflows/${encodeURIComponent(breaker.declared_by.workflow)}`}>
                {breaker.declared_by.workflow}
              </Anchor>{" "}
              {breaker.declared_by.version}, step {breaker.declared_by.step}
            </dd>
          </div>
        )}
      </dl>
      <Transitions breaker={breaker} />
    </section>
  );
}

function Transitions({ breaker }: { readonly breaker: BreakerMessage }) {
  if (breaker.transitions.length === 0) return null;
  return (
    <details>
      <summary>What it did ({breaker.transitions.length})</summary>
      <div className="mf-scroll" tabIndex={0} role="region" aria-label={`What the breaker of ${breaker.target} did`}>
        <Table fz="sm">
          <Table.Tbody>
            {breaker.transitions.map(({ at, from, to, reason }) => (
              <Table.Tr key={`${at} ${to}`}>
                <Table.Td>
                  <Ago at={at} />
                </Table.Td>
                <Table.Td>
                  {STATES[from].label} → {STATES[to].label}
                </Table.Td>
                <Table.Td className="mf-said">{reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </details>
  );
}
