/** Workflows to begin with: looked at, taken as a draft of one's own, or run as they are. */

import "./templates.css";
import { Badge, Button, Group, Tabs, Text, Title } from "@mantine/core";
import { IconPencil, IconPlayerPlay, IconTemplate } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { pictureOf } from "../../../src/core/language/picture.ts";
import type { TemplateSummary } from "../../../src/core/protocol/templates.ts";
import { call, place } from "../api/call.ts";
import { createDraft } from "../api/drafts.ts";
import { startExecution } from "../api/executions.ts";
import { registerWorkflow } from "../api/workflows.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { CodeView } from "../code/code-view.tsx";

const WorkflowGraph = lazy(async () => ({ default: (await import("../graph/workflow-graph.tsx")).WorkflowGraph }));
const route = getRouteApi("/templates");

export function TemplatesPage() {
  const { template } = route.useSearch();
  const list = useQuery({
    queryKey: ["templates"],
    queryFn: ({ signal }) =>
      call<{ readonly items: readonly TemplateSummary[] }>("GET", place("templates"), { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const items = list.data?.items ?? [];
  const open = items.find(({ id }) => id === template) ?? items[0];
  return (
    <div>
      <PageHead
        title="Templates"
        about="Each runs as it is with its example input, where the demo executor is there (magicflow start --demo)."
      />
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Loading what="templates" /> : null}
      {list.isSuccess && open === undefined ? (
        <Empty icon={IconTemplate} title="This build ships no templates" />
      ) : null}
      {open === undefined ? null : (
        <div className="mf-templates">
          <ul aria-label="Templates">
            {items.map((each) => (
              <li key={each.id}>
                <Link
                  to="/templates"
                  search={{ template: each.id }}
                  className="mf-panel mf-template"
                  aria-current={each === open ? "true" : undefined}
                >
                  <span className="mf-template-category">{each.category}</span>
                  <strong>{each.title}</strong>
                  <span className="mf-template-summary">{each.summary}</span>
                </Link>
              </li>
            ))}
          </ul>
          <Shown key={open.id} template={open} />
        </div>
      )}
    </div>
  );
}

function Shown({ template }: { readonly template: TemplateSummary }) {
  const navigate = useNavigate();
  const { title, summary, tags, yaml, input } = template;
  const use = useMutation({
    mutationFn: () => createDraft({ workflow: pictureOf(yaml)?.name ?? template.id, title, text: yaml }),
    onSuccess: ({ id }) => void navigate({ to: "/designer", search: { draft: id } }),
  });
  const run = useMutation({
    mutationFn: async () => {
      const { name } = await registerWorkflow(yaml);
      return startExecution(name, { input });
    },
    onSuccess: ({ execution_id }) => void navigate({ to: "/executions/$id", params: { id: execution_id } }),
  });
  const failed = use.error ?? run.error;
  return (
    <section className="mf-panel mf-card" aria-labelledby="template">
      <Group justify="space-between" align="start" mb="sm">
        <div>
          <Title order={2} id="template">
            {title}
          </Title>
          <Text c="dimmed" fz="sm">
            {summary}
          </Text>
          <Group gap={4} mt="xs">
            {tags.map((tag) => (
              <Badge key={tag} variant="light" color="gray" tt="none">
                {tag}
              </Badge>
            ))}
          </Group>
        </div>
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            loading={run.isPending}
            onClick={() => run.mutate()}
          >
            Run as it is
          </Button>
          <Button
            leftSection={<IconPencil size={16} aria-hidden />}
            loading={use.isPending}
            onClick={() => use.mutate()}
          >
            Use it
          </Button>
        </Group>
      </Group>
      {failed === null ? null : <Failure error={failed} />}
      <Tabs defaultValue="graph" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="graph">Graph</Tabs.Tab>
          <Tabs.Tab value="text">YAML</Tabs.Tab>
          <Tabs.Tab value="input">Example input</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="graph">
          <div className="mf-template-graph">
            <Suspense fallback={<Loading what="the graph" />}>
              <WorkflowGraph text={yaml} label={title} hasMinimap={false} />
            </Suspense>
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="text">
          <CodeView text={yaml} language="yaml" label={`Text of ${title}`} />
        </Tabs.Panel>
        <Tabs.Panel value="input">
          <CodeView text={JSON.stringify(input, null, 2)} language="json" label={`Example input of ${title}`} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}
