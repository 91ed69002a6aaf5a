/** The facts of a workflow, what is to be said about its text, and its newest executions. */

import { Anchor, Badge, Group, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { DiagnosticMessage, WorkflowDetail } from "../../../src/core/protocol/workflows.ts";
import { listExecutions } from "../api/executions.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { ExecutionRows } from "../parts/execution-rows.tsx";
import { Ago } from "../parts/time.tsx";

const NEWEST = 10;
const REFRESH_MS = 2000;

export function WorkflowOverview({ workflow }: { readonly workflow: WorkflowDetail }) {
  return (
    <div className="mf-columns">
      <section className="mf-panel mf-card" aria-labelledby="newest">
        <Group justify="space-between" mb="xs">
          <Title order={2} id="newest">
            Newest executions
          </Title>
          <Anchor component={Link} to={`/executions?workflow=${encodeURIComponent(workflow.name)}`} fz="sm">
            All of them
          </Anchor>
        </Group>
        <Newest workflow={workflow.name} />
      </section>
      <div className="mf-stack">
        <section className="mf-panel mf-card" aria-labelledby="facts">
          <Title order={2} id="facts" mb="xs">
            Facts
          </Title>
          <dl className="mf-facts">
            <Fact name="Owner">{workflow.owner === "" ? "–" : workflow.owner}</Fact>
            <Fact name="Registered">
              <Ago at={workflow.created_at} />
            </Fact>
            <Fact name="Changed">
              <Ago at={workflow.updated_at} />
            </Fact>
            <Fact name="Tags">
              <Group gap={4}>
                {workflow.tags.length === 0 ? "–" : null}
                {workflow.tags.map((tag) => (
                  <Badge key={tag} variant="light" color="gray" tt="none">
                    {tag}
                  </Badge>
                ))}
              </Group>
            </Fact>
            {Object.entries(workflow.labels).map(([name, value]) => (
              <Fact key={name} name={name}>
                {typeof value === "string" ? value : JSON.stringify(value)}
              </Fact>
            ))}
            <Fact name="Content">
              <span className="mf-mono" title={workflow.hash}>
                {workflow.hash.slice(0, 12)}
              </span>
            </Fact>
          </dl>
        </section>
        <Findings diagnostics={workflow.diagnostics} />
      </div>
    </div>
  );
}

function Newest({ workflow }: { readonly workflow: string }) {
  const newest = useQuery({
    queryKey: ["executions", "newest", workflow],
    queryFn: ({ signal }) => listExecutions({ workflow, limit: NEWEST }, signal),
    refetchInterval: REFRESH_MS,
  });
  if (newest.isError) return <Failure error={newest.error} retry={() => void newest.refetch()} />;
  if (newest.isPending) return <Loading what="executions" />;
  if (newest.data.items.length === 0) {
    return (
      <Text c="dimmed" py="md">
        It has not been started yet.
      </Text>
    );
  }
  return <ExecutionRows executions={newest.data.items} showsWorkflow={false} />;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mf-said">{children}</dd>
    </div>
  );
}

function Findings({ diagnostics }: { readonly diagnostics: readonly DiagnosticMessage[] }) {
  if (diagnostics.length === 0) return null;
  return (
    <section className="mf-panel mf-card" aria-labelledby="findings">
      <Title order={2} id="findings" mb="xs">
        To be said about it
      </Title>
      <ul className="mf-findings">
        {diagnostics.map((diagnostic) => (
          <li key={`${diagnostic.line}:${diagnostic.column} ${diagnostic.code}`}>
            <span className="mf-status" data-tone={diagnostic.severity === "error" ? "bad" : "waiting"}>
              line {diagnostic.line}
            </span>{" "}
            <span className="mf-said">{diagnostic.message}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
