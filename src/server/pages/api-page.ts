/** Every operation of the API for people, made from the same table as the OpenAPI document. */

import { isObject, type JsonObject } from "../../core/base/json.ts";
import { COMMON_PROBLEMS, TAGS, type Tag } from "../../core/protocol/route.ts";
import { type AnyRoute, ROUTES } from "../../core/protocol/routes.ts";
import { type Html, html, page, prose } from "./html.ts";
import { schemaTable } from "./schema-table.ts";

export function apiPage(facts: { version: string; apiUrl: string }): string {
  const tags = Object.entries(TAGS) as [Tag, string][];
  const messages = namedMessages();
  return page(
    "Magic Flow API",
    html`<h1>API</h1>
<p class="quiet">Version ${facts.version}. For programs: <a href="/api/docs/openapi.json">OpenAPI 3.1</a>, <a href="/api/openapi.yaml">the same as YAML</a>.</p>
<p>Everything is JSON with names in snake_case. Times are RFC 3339 in UTC, durations are numbers of seconds. Mistakes are answered with <a href="/api/docs/problems">problems</a>. Lists have <code>limit</code> and <code>cursor</code>, and answer <code>items</code> and <code>next_cursor</code>.</p>
<nav aria-label="Operations"><ul>${tags.map(([tag, about]) => html`<li><a href="#${tag}">${about}</a></li>`)}<li><a href="#messages">Messages</a></li></ul></nav>
${tags.map(([tag, about]) => html`<section aria-labelledby="${tag}"><h2 id="${tag}">${about}</h2>${ROUTES.filter((route) => route.tag === tag).map((route) => operation(route, facts.apiUrl))}</section>`)}
<section aria-labelledby="messages"><h2 id="messages">Messages</h2>
${[...messages].map(([name, schema]) => html`<details><summary><h3>${name}</h3></summary><div id="message-${name}">${schemaTable(schema)}</div></details>`)}
</section>`,
  );
}

function operation(route: AnyRoute, apiUrl: string): Html {
  return html`<details id="${route.operationId}">
<summary><span class="method ${route.method}">${route.method}</span> <span class="path">${route.path}</span> <h3>${route.summary}</h3></summary>
${route.description === undefined ? null : html`<p>${prose(route.description)}</p>`}
<p class="quiet">Permission <code>${route.permission}</code>, operation <code>${route.operationId}</code>.</p>
${fields("In the path", route.params)}
${fields("In the query", route.query)}
${route.body === null ? null : fields(route.body.isRequired ? "Body" : "Body (may be left out)", route.body.schema)}
<h4>Answers</h4>
<div class="scroll"><table><thead><tr><th scope="col">Status</th><th scope="col">When</th><th scope="col">Content</th></tr></thead><tbody>
${Object.entries(route.answers).map(([status, answer]) => html`<tr><td>${status}</td><td>${prose(answer.description)}</td><td>${answer.schema === null ? "nothing" : contentOf(answer.schema, answer.type)}</td></tr>`)}
</tbody></table></div>
${problemsOf(route)}
<pre><code>${curl(route, apiUrl)}</code></pre>
</details>`;
}

function fields(title: string, schema: unknown): Html | null {
  if (!isObject(schema)) return null;
  return html`<h4>${title}</h4>${schemaTable(schema)}`;
}

function contentOf(schema: unknown, type: string | undefined): Html {
  if (isObject(schema) && typeof schema.title === "string")
    return html`<a href="#message-${schema.title}">${schema.title}</a>`;
  return html`<code>${type ?? "application/json"}</code>`;
}

function problemsOf(route: AnyRoute): Html | null {
  if (route.permission === "public") return null;
  const codes = [...new Set([...route.problems, ...COMMON_PROBLEMS])];
  return html`<p>Problems: ${codes.map((code, i) => html`${i === 0 ? "" : ", "}<a href="/api/docs/problems#${code}">${code}</a>`)}.</p>`;
}

/** Parameters of the path, as an example has them. */
const EXAMPLES: Readonly<Record<string, string>> = {
  workflow: "order-processing",
  version: "1.0.0",
  execution_id: "0192f3c1e7b2a7c9d8e4f5a6b7c8d905",
  name: "payment-received",
  path: "charge",
  executor: "payments",
  instance: "payments-1",
};

/** Bodies, as an example has them. */
const BODIES: Readonly<Record<string, string>> = {
  startExecution: '{"input": {"order_id": "4711"}}',
  startExecutions: '{"executions": [{"input": {"order_id": "4711"}}, {"input": {"order_id": "4712"}}]}',
  cancelExecution: '{"reason": "ordered twice"}',
  terminateExecution: '{"reason": "ordered twice"}',
  pauseExecution: '{"timers": "freeze"}',
  rerunExecution: '{"input": {"order_id": "4713"}}',
  skipStep: '{"reason": "already paid"}',
  completeStep: '{"output": {"payment_id": "p-1"}, "reason": "paid by phone"}',
  compensateExecution: '{"reason": "sold twice"}',
  signalExecution: '{"data": {"amount": 12.5}}',
  publishEvents: '{"name": "payment-received", "correlation_key": "4711", "data": {"amount": 12.5}}',
  pollTasks: '{"executor": "payments", "instance": "payments-1", "wait_ms": 30000}',
  finishTasks: '{"results": [{"task_id": "TASK", "status": "completed", "output": {"paid": true}}]}',
  renewTasks: '{"heartbeats": [{"task_id": "TASK", "progress": 0.5}]}',
  reportInstance: '{"functions": ["charge"], "concurrency": 10, "health": "healthy"}',
  evaluateExpression:
    '{"expression": "$.items[?@.price > 10].name", "context": {"items": [{"name": "pen", "price": 12}]}}',
};

function curl(route: AnyRoute, apiUrl: string): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => EXAMPLES[name] ?? name);
  const method = route.method === "GET" ? "" : ` -X ${route.method}`;
  const stream = route.operationId === "streamExecution" ? " -N" : "";
  const command = `curl${method}${stream} '${apiUrl}${path}'`;
  if (route.body?.size === "document")
    return `${command} \\\n  -H 'Content-Type: application/yaml' --data-binary @workflow.yaml`;
  const body = BODIES[route.operationId];
  return body === undefined ? command : `${command} \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

/** Every message with a name, in the order in which routes mention them. */
function namedMessages(): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
    } else if (isObject(value)) {
      const { title } = value;
      if (typeof title === "string" && !found.has(title)) found.set(title, value);
      for (const item of Object.values(value)) visit(item);
    }
  };
  for (const route of ROUTES) {
    visit(route.body?.schema);
    for (const { schema } of Object.values(route.answers)) visit(schema);
  }
  return found;
}
