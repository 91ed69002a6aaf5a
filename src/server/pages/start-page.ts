/** The first page that somebody sees: what this is, that it lives, and where to go on. */

import { type Html, html, page } from "./html.ts";

export interface StartFacts {
  readonly version: string;
  readonly apiUrl: string;
  readonly workflows: string;
  readonly executions: Readonly<Record<string, number>>;
  readonly executorsOnline: number;
  readonly tasksWaiting: number;
}

export function startPage(facts: StartFacts): string {
  const { running = 0, queued = 0, paused = 0, completed = 0, failed = 0, timed_out: timedOut = 0 } = facts.executions;
  return page(
    "Magic Flow",
    html`<h1>Magic Flow ${facts.version}</h1>
<p>Durable workflows: described as YAML, started by REST, carried on whatever crashes.</p>
<h2>Right now</h2>
<ul class="cards">
${card(facts.workflows, "workflows")}
${card(running + queued + paused, "executions going on")}
${card(completed, "completed")}
${card(failed + timedOut, "failed or timed out")}
${card(facts.executorsOnline, "executors online")}
${card(facts.tasksWaiting, "tasks that wait")}
</ul>
<h2>Go on</h2>
<ul>
<li><a href="/api/docs">Every operation of the API</a>, also as <a href="/api/docs/openapi.json">OpenAPI 3.1</a> (<a href="/api/openapi.yaml">YAML</a>)</li>
<li><a href="/api/v1/workflows">Workflows</a> and <a href="/api/v1/executions">executions</a>, as JSON</li>
<li><a href="/health/components">The state of each part</a>, <a href="/health/workflow">and of the work</a></li>
</ul>
<h2>A first workflow</h2>
<pre><code>${FIRST_WORKFLOW}</code></pre>
<p>Save it as <code>hello.yaml</code>, register it, run it and look at the result:</p>
<pre><code>${firstCommands(facts.apiUrl)}</code></pre>`,
  );
}

function card(count: number | string, what: string): Html {
  return html`<li><strong>${count}</strong> ${what}</li>`;
}

const FIRST_WORKFLOW = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: hello
spec:
  input_schema:
    type: object
    required: [name]
    properties:
      name: { type: string }
  steps:
    - name: greet
      type: set
      variables:
        greeting: "Hello, \${input.name}!"
  output:
    greeting: $.context.greeting`;

function firstCommands(apiUrl: string): string {
  return `curl -X POST ${apiUrl}/api/v1/workflows \\
  -H 'Content-Type: application/yaml' --data-binary @hello.yaml

curl -X POST '${apiUrl}/api/v1/workflows/hello/execute?wait=10s' \\
  -H 'Content-Type: application/json' -d '{"input": {"name": "Ada"}}'`;
}
