/** What the address of the list says. */

export interface WorkflowsSearch {
  readonly text?: string;
  readonly tag?: string;
  readonly archived?: true;
}

export function parseWorkflowsSearch(search: Readonly<Record<string, unknown>>): WorkflowsSearch {
  return {
    ...(typeof search["text"] === "string" && search["text"] !== "" ? { text: search["text"] } : {}),
    ...(typeof search["tag"] === "string" && search["tag"] !== "" ? { tag: search["tag"] } : {}),
    ...(search["archived"] === true || search["archived"] === "true" ? { archived: true as const } : {}),
  };
}
