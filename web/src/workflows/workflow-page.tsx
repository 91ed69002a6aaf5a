/** One workflow: what it is, what became of it lately, its versions and what differs between them, its text and its schemas. */

import { Badge, Button, Group, Tabs } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { WorkflowDetail } from "../../../src/core/protocol/workflows.ts";
import { readVersion, readWorkflow } from "../api/workflows.ts";
import { useCommands } from "../app/commands.tsx";
import { Failure, Loading, PageHead } from "../app/page-states.tsx";
import { CodeView } from "../code/code-view.tsx";
import { GraphView } from "../graph/graph-view.tsx";
import { AnalyticsTab } from "./analytics-tab.tsx";
import { SchemasTab } from "./schemas-tab.tsx";
import { StartDialog } from "./start-dialog.tsx";
import { VersionsTab } from "./versions-tab.tsx";
import { WorkflowOverview } from "./workflow-overview.tsx";
import { isTab, type WorkflowSearch } from "./workflow-search.ts";

const route = getRouteApi("/workflows/$workflow");

export function WorkflowPage() {
  const { workflow } = route.useParams();
  const { version } = route.useSearch();
  const detail = useQuery({
    queryKey: ["workflow", workflow, version ?? null],
    queryFn: async ({ signal }) =>
      version === undefined ? (await readWorkflow(workflow, signal)).value : readVersion(workflow, version, signal),
  });
  if (detail.isError) {
    return (
      <div>
        <PageHead title={workflow} />
        <Failure error={detail.error} retry={() => void detail.refetch()} />
      </div>
    );
  }
  if (detail.isPending) return <Loading what="the workflow" />;
  return <Shown workflow={detail.data} />;
}

function Shown({ workflow }: { readonly workflow: WorkflowDetail }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { run, ...rest } = search;
  const go = (next: WorkflowSearch) => void navigate({ search: next, replace: true });
  const startable = workflow.status === "active";
  const commands = useMemo(() => {
    const start = () => void navigate({ search: (before) => ({ ...before, run: true as const }), replace: true });
    return startable ? [{ id: "run", label: `Start ${workflow.name}`, run: start }] : [];
  }, [startable, workflow.name, navigate]);
  useCommands("Workflow", commands);
  return (
    <div>
      <PageHead
        title={
          <Group gap="xs" component="span">
            <span>{workflow.name}</span>
            <Badge variant="light" tt="none" className="mf-mono">
              {workflow.version}
            </Badge>
            {workflow.status === "archived" ? (
              <Badge color="gray" variant="light" tt="none">
                archived
              </Badge>
            ) : null}
          </Group>
        }
        about={<span className="mf-said">{workflow.description}</span>}
        actions={
          startable ? (
            <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => go({ ...rest, run: true })}>
              Start
            </Button>
          ) : null
        }
      />
      <Tabs
        value={search.tab ?? "overview"}
        onChange={(tab) => isTab(tab) && go(tab === "overview" ? withoutTab(rest) : { ...rest, tab })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="graph">Graph</Tabs.Tab>
          <Tabs.Tab value="analytics">Analytics</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="text">YAML</Tabs.Tab>
          <Tabs.Tab value="schemas">Input and output</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <WorkflowOverview workflow={workflow} />
        </Tabs.Panel>
        <Tabs.Panel value="graph">
          <GraphView text={workflow.yaml_content} label={`Graph of ${workflow.name}`} />
        </Tabs.Panel>
        <Tabs.Panel value="analytics">
          <AnalyticsTab workflow={workflow.name} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <VersionsTab workflow={workflow} against={search.against ?? null} />
        </Tabs.Panel>
        <Tabs.Panel value="text">
          <CodeView text={workflow.yaml_content} language="yaml" label={`Text of ${workflow.name}`} />
        </Tabs.Panel>
        <Tabs.Panel value="schemas">
          <SchemasTab workflow={workflow.name} version={workflow.version} />
        </Tabs.Panel>
      </Tabs>
      <StartDialog workflow={workflow} opened={run === true} close={() => go(rest)} />
    </div>
  );
}

function withoutTab({ tab: _tab, ...rest }: WorkflowSearch): WorkflowSearch {
  return rest;
}
