/** All workflows of the workspace: found by a part of their name or by a tag. */

import { Anchor, Badge, Checkbox, Group, ScrollArea, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconHierarchy2, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { WorkflowSummary } from "../../../src/core/protocol/workflows.ts";
import { listWorkflows } from "../api/workflows.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Ago } from "../parts/time.tsx";
import type { WorkflowsSearch } from "./search.ts";

const route = getRouteApi("/workflows");
const PAGE_SIZE = 50;
const TYPING_MS = 200;

export function WorkflowsPage() {
  const search = route.useSearch();
  const list = useInfiniteQuery({
    queryKey: ["workflows", "list", search],
    queryFn: ({ pageParam, signal }) =>
      listWorkflows({ ...search, limit: PAGE_SIZE, ...(pageParam === null ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: (previous) => previous,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div>
      <PageHead title="Workflows" about="What can be started here, each with its active version." />
      <Filters search={search} />
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="workflows" /> : null}
      {list.isSuccess && items.length === 0 ? <NoWorkflows isFiltered={Object.keys(search).length > 0} /> : null}
      {items.length > 0 ? <WorkflowTable items={items} search={search} /> : null}
      <MoreButton list={list} what="workflows" />
    </div>
  );
}

function Filters({ search }: { readonly search: WorkflowsSearch }) {
  const navigate = route.useNavigate();
  const change = (next: WorkflowsSearch) => void navigate({ search: next, replace: true });
  const type = useDebouncedCallback((text: string) => {
    const { text: _before, ...rest } = search;
    change(text === "" ? rest : { ...rest, text });
  }, TYPING_MS);
  return (
    <Group mb="md" gap="sm" role="search" aria-label="Workflows">
      <TextInput
        aria-label="Part of the name"
        placeholder="Part of the name"
        leftSection={<IconSearch size={16} aria-hidden />}
        defaultValue={search.text ?? ""}
        onChange={(event) => type(event.currentTarget.value)}
        w={{ base: "100%", xs: 280 }}
      />
      <Checkbox
        label="Archived too"
        checked={search.archived === true}
        onChange={(event) => {
          const { archived: _before, ...rest } = search;
          change(event.currentTarget.checked ? { ...rest, archived: true } : rest);
        }}
      />
      {search.tag === undefined ? null : (
        <Badge
          variant="light"
          size="lg"
          tt="none"
          component="button"
          onClick={() => {
            const { tag: _before, ...rest } = search;
            change(rest);
          }}
          aria-label={`Tag ${search.tag}: show all tags`}
        >
          {search.tag} ×
        </Badge>
      )}
    </Group>
  );
}

function WorkflowTable({
  items,
  search,
}: {
  readonly items: readonly WorkflowSummary[];
  readonly search: WorkflowsSearch;
}) {
  return (
    <ScrollArea className="mf-panel" tabIndex={0} aria-label="Workflows">
      <Table highlightOnHover verticalSpacing="sm" miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Name</Table.Th>
            <Table.Th scope="col">Version</Table.Th>
            <Table.Th scope="col">Tags</Table.Th>
            <Table.Th scope="col">Owner</Table.Th>
            <Table.Th scope="col">Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((workflow) => (
            <Table.Tr key={workflow.id}>
              <Table.Td maw={420}>
                <Anchor
                  component={Link}
                  to={`/workflows/${encodeURIComponent(workflow.name)}`}
                  fw={600}
                  className="mf-said"
                >
                  {workflow.name}
                </Anchor>
                {workflow.status === "archived" ? (
                  <Badge ml="xs" color="gray" variant="light" tt="none">
                    archived
                  </Badge>
                ) : null}
                <Text fz="sm" c="dimmed" lineClamp={1} className="mf-said">
                  {workflow.description}
                </Text>
              </Table.Td>
              <Table.Td className="mf-mono">{workflow.version}</Table.Td>
              <Table.Td>
                <Group gap={4}>
                  {workflow.tags.map((tag) => (
                    <Badge
                      key={tag}
                      variant="light"
                      color="gray"
                      tt="none"
                      renderRoot={(props) => <Link {...props} to="/workflows" search={{ ...search, tag }} />}
                      style={{ cursor: "pointer" }}
                    >
                      {tag}
                    </Badge>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td className="mf-said">{workflow.owner}</Table.Td>
              <Table.Td>
                <Ago at={workflow.updated_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}

function NoWorkflows({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty icon={IconHierarchy2} title="No workflow fits">
      Try fewer letters, or another tag.
    </Empty>
  ) : (
    <Empty icon={IconHierarchy2} title="No workflow yet">
      Register one with <code>magicflow apply -f workflow.yaml</code>.
    </Empty>
  );
}
