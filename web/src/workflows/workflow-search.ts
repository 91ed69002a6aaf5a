/** What the address of a workflow's page says: which part is shown, of which version, and what it is compared with. */

export const WORKFLOW_TABS = ["overview", "graph", "versions", "text", "schemas"] as const;
export type WorkflowTab = (typeof WORKFLOW_TABS)[number];

export interface WorkflowSearch {
  readonly tab?: WorkflowTab;
  readonly version?: string;
  readonly against?: string;
  readonly run?: true;
}

export function parseWorkflowSearch(search: Readonly<Record<string, unknown>>): WorkflowSearch {
  const { tab, version, against, run } = search;
  return {
    ...(isTab(tab) && tab !== "overview" ? { tab } : {}),
    ...(typeof version === "string" && version !== "" ? { version } : {}),
    ...(typeof against === "string" && against !== "" ? { against } : {}),
    ...(run === true ? { run } : {}),
  };
}

export function isTab(value: unknown): value is WorkflowTab {
  return WORKFLOW_TABS.some((tab) => tab === value);
}
