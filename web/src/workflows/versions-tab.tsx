/** Every version, newest first; any two of them can be laid beside one another. */

import { Anchor, Button, Group, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { WorkflowDetail } from "../../../src/core/protocol/workflows.ts";
import { listVersions, readVersion } from "../api/workflows.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { CodeDiff } from "../code/code-view.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Ago } from "../parts/time.tsx";
import { ToneBadge } from "../parts/tone-badge.tsx";

export function VersionsTab({
  workflow,
  against,
}: {
  readonly workflow: WorkflowDetail;
  readonly against: string | null;
}) {
  const list = useInfiniteQuery({
    queryKey: ["versions", workflow.name],
    queryFn: ({ pageParam, signal }) => listVersions(workflow.name, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) return <Loading what="versions" />;
  return (
    <div className="mf-stack">
      <div className="mf-panel mf-scroll" tabIndex={0} role="region" aria-label="Versions">
        <Table verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Version</Table.Th>
              <Table.Th scope="col">Registered</Table.Th>
              <Table.Th scope="col">Content</Table.Th>
              <Table.Th scope="col">
                <span className="mf-hidden">Compare</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.data.pages
              .flatMap(({ items }) => items)
              .map((version) => (
                <Table.Tr key={version.version}>
                  <Table.Td>
                    <Group gap="xs">
                      <Anchor
                        className="mf-mono"
                        renderRoot={(props) => (
                          <Link
                            {...props}
                            to="/workflows/$workflow"
                            params={{ workflow: workflow.name }}
                            search={{ tab: "text", version: version.version }}
                          />
                        )}
                      >
                        {version.version}
                      </Anchor>
                      {version.is_active ? <ToneBadge tone="good" label="active" /> : null}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    <Ago at={version.created_at} />
                  </Table.Td>
                  <Table.Td className="mf-mono">{version.hash.slice(0, 12)}</Table.Td>
                  <Table.Td ta="right">
                    {version.version === workflow.version ? null : (
                      <Button
                        variant="default"
                        size="xs"
                        renderRoot={(props) => (
                          <Link
                            {...props}
                            to="/workflows/$workflow"
                            params={{ workflow: workflow.name }}
                            search={{ tab: "versions", version: workflow.version, against: version.version }}
                          />
                        )}
                      >
                        Compare with {workflow.version}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </div>
      <MoreButton list={list} what="versions" />
      {against === null ? null : <Comparison workflow={workflow} against={against} />}
    </div>
  );
}

function Comparison({ workflow, against }: { readonly workflow: WorkflowDetail; readonly against: string }) {
  const other = useQuery({
    queryKey: ["workflow", workflow.name, against],
    queryFn: ({ signal }) => readVersion(workflow.name, against, signal),
  });
  if (other.isError) return <Failure error={other.error} />;
  if (other.isPending) return <Loading what="the other version" />;
  return (
    <section aria-labelledby="comparison">
      <Title order={2} id="comparison">
        {against} and {workflow.version}
      </Title>
      <Text c="dimmed" fz="sm" mb="xs">
        {other.data.hash === workflow.hash
          ? "The texts differ in spelling alone: both have the same content."
          : "What stands in one and not in the other is marked."}
      </Text>
      <CodeDiff
        before={other.data.yaml_content}
        after={workflow.yaml_content}
        language="yaml"
        label={`${against} and ${workflow.version}`}
      />
    </section>
  );
}
