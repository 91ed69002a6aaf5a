/** What a new workflow begins as: something that can be run at once. */

export function newWorkflowText(name: string): string {
  return `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: ${name}
  version: 1.0.0
spec:
  steps:
    - name: first-step
      type: set
      variables:
        greeting: Hello
`;
}

const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

export function isWorkflowName(name: string): boolean {
  return NAME.test(name);
}
