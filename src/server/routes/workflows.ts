/** Workflows and their versions: registering, checking, reading, archiving. */

import { toRfc3339 } from "../../core/base/time.ts";
import type { Diagnostic } from "../../core/language/diagnostics.ts";
import { loadDocuments } from "../../core/language/load.ts";
import { toGraph } from "../../core/protocol/graph.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import {
  addVersion,
  archiveWorkflow,
  listVersions,
  listWorkflows,
  readGraph,
  readSchemas,
  readVersion,
  readWorkflow,
  registerWorkflow,
  replaceWorkflow,
  validateWorkflow,
} from "../../core/protocol/workflow-routes.ts";
import type {
  DiagnosticMessage,
  RegisterAnswer,
  ValidateAnswer,
  WorkflowDetail,
  WorkflowEndpoints,
  WorkflowSchemas,
  WorkflowSummary,
} from "../../core/protocol/workflows.ts";
import type { Registered, WorkflowHead, WorkflowRecord } from "../../host/definitions.ts";
import type { Outcome } from "../../host/refusal.ts";
import { type Answer, answerOf, json, NO_CONTENT, problem, refused } from "../answer.ts";
import type { Call } from "../binding.ts";
import { linkToNext, pageAnswer } from "../paging.ts";
import type { RouteContext } from "./context.ts";

export function bindWorkflows({ binder, host, insight: { live }, clock }: RouteContext): void {
  const { definitions } = host;

  async function register(
    call: Call<object, { dry_run?: boolean }, { yaml_content: string }>,
    name: string | null,
  ): Promise<Answer> {
    const outcome = await definitions.register({
      workspace: call.workspace,
      text: call.body.yaml_content,
      name,
      ifMatch: call.headers["if-match"] ?? null,
      now: clock.now(),
      dryRun: call.query.dry_run === true,
    });
    if (outcome.ok && outcome.change !== "unchanged" && call.query.dry_run !== true) {
      const { name: registered, version } = outcome.record;
      live.noteWorkflow(call.workspace, { name: registered, version, change: "registered" });
    }
    return registeredAnswer(outcome, call.query.dry_run === true);
  }

  async function detail(call: Call<{ workflow: string }, object, unknown>, version: string | null): Promise<Answer> {
    const { workspace, headers, params } = call;
    const record = await definitions.read({ workspace, workflow: params.workflow, version });
    if (record === null) return notFound(call, version);
    const about = { etag: record.etag, vary: "accept" };
    if (isUnchanged(headers["if-none-match"], record.etag)) return { kind: "empty", status: 304, headers: about };
    if (wantsYaml(headers.accept)) {
      return { kind: "text", status: 200, type: "application/yaml; charset=utf-8", text: record.text, headers: about };
    }
    return json(200, toDetail(record), about);
  }

  async function notFound(call: Call<{ workflow: string }, object, unknown>, version: string | null): Promise<Answer> {
    const { workspace, params } = call;
    const outcome = await definitions.compiled({ workspace, workflow: params.workflow, version });
    if (!outcome.ok) return refused(outcome.refusal);
    return problem("VERSION_NOT_FOUND", "Expected a registered version, but it was not there a moment ago.");
  }

  binder.bind(registerWorkflow, (call) => register(call, null));
  binder.bind(replaceWorkflow, (call) => register(call, call.params.workflow));
  binder.bind(addVersion, (call) => register(call, call.params.workflow));

  binder.bind(validateWorkflow, ({ body }) => {
    const { workflows, diagnostics } = loadDocuments([{ file: null, text: body.yaml_content }]);
    const isValid = workflows.length === 1 && diagnostics.every(({ severity }) => severity !== "error");
    const answer: ValidateAnswer = {
      valid: isValid,
      validation_status: isValid ? "valid" : "invalid",
      name: workflows[0]?.name ?? null,
      version: workflows[0]?.version ?? null,
      diagnostics: diagnostics.map(toDiagnostic),
    };
    return json(200, answer);
  });

  binder.bind(listWorkflows, async ({ workspace, query, request }) => {
    const { items, nextCursor } = await definitions.list({
      workspace,
      text: query.text ?? null,
      tag: query.tag ?? null,
      includeArchived: query.archived === true,
      limit: query.limit ?? LIMIT_DEFAULT,
      cursor: query.cursor ?? null,
    });
    return json(200, { items: items.map(toSummary), next_cursor: nextCursor }, linkToNext(request, nextCursor));
  });

  binder.bind(readWorkflow, (call) => detail(call, call.query.version ?? null));
  binder.bind(readVersion, (call) => detail(call, call.params.version));

  binder.bind(archiveWorkflow, async ({ workspace, params, headers }) => {
    const ifMatch = headers["if-match"] ?? null;
    const record = await definitions.read({ workspace, workflow: params.workflow, version: null });
    const outcome = await definitions.archive({ workspace, workflow: params.workflow, ifMatch, now: clock.now() });
    if (outcome.ok && record !== null)
      live.noteWorkflow(workspace, { name: record.name, version: null, change: "archived" });
    return answerOf(outcome, () => NO_CONTENT);
  });

  binder.bind(listVersions, async (call) => {
    const { workspace, params } = call;
    const versions = await definitions.listVersions({ workspace, workflow: params.workflow });
    if (versions === null) {
      return problem(
        "WORKFLOW_NOT_FOUND",
        `Expected a registered workflow, but there is none named ${JSON.stringify(params.workflow)}.`,
      );
    }
    return pageAnswer({ items: versions, nameOf: ({ version }) => version, toMessage: toSummary }, call);
  });

  binder.bind(readGraph, async ({ workspace, params, query }) => {
    const { workflow } = params;
    const outcome = await definitions.compiled({ workspace, workflow, version: query.version ?? null });
    return answerOf(outcome, ({ definition }) => json(200, toGraph(definition)));
  });

  binder.bind(readSchemas, async ({ workspace, params, query }) => {
    const { workflow } = params;
    const outcome = await definitions.compiled({ workspace, workflow, version: query.version ?? null });
    return answerOf(outcome, ({ definition: { name, version, inputSchema, outputSchema } }) => {
      const schemas: WorkflowSchemas = {
        name,
        version,
        input_schema: inputSchema?.source ?? null,
        output_schema: outputSchema?.source ?? null,
      };
      return json(200, schemas);
    });
  });
}

export function registeredAnswer(outcome: Outcome<Registered>, isDryRun: boolean): Answer {
  return answerOf(outcome, ({ record, change, diagnostics }) => {
    const { id, name, version, status, isActive, hash, etag } = record;
    const answer: RegisterAnswer = {
      id,
      name,
      version,
      status,
      validation_status: "valid",
      is_active: isActive,
      hash,
      change,
      diagnostics: diagnostics.map(toDiagnostic),
      endpoints: endpointsOf(name),
    };
    const isNew = change !== "unchanged" && !isDryRun;
    return json(isNew ? 201 : 200, answer, { etag, ...(isNew ? { location: endpointsOf(name).self } : {}) });
  });
}

function toSummary(head: WorkflowHead): WorkflowSummary {
  const { id, name, version, status, description, owner, tags, labels, hash } = head;
  return {
    id,
    name,
    version,
    status,
    is_active: head.isActive,
    description,
    owner,
    tags,
    labels,
    hash,
    created_at: toRfc3339(head.createdAt),
    updated_at: toRfc3339(head.updatedAt),
  };
}

function toDetail(record: WorkflowRecord): WorkflowDetail {
  return {
    ...toSummary(record),
    yaml_content: record.text,
    diagnostics: record.diagnostics.map(toDiagnostic),
    endpoints: endpointsOf(record.name),
  };
}

function toDiagnostic({ code, severity, message, hint, line, column, path, step }: Diagnostic): DiagnosticMessage {
  const said = hint === null ? message : `${message} ${hint}`;
  return { code, severity, message: said, line, column, path, step: step ?? null };
}

function endpointsOf(name: string): WorkflowEndpoints {
  const self = `/api/v1/workflows/${encodeURIComponent(name)}`;
  return {
    self,
    execute: `${self}/execute`,
    executions: `/api/v1/executions?workflow=${encodeURIComponent(name)}`,
    versions: `${self}/versions`,
    graph: `${self}/graph`,
    schema: `${self}/schema`,
  };
}

function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}

/** Only who names YAML and not JSON gets it. */
function wantsYaml(accept: string | undefined): boolean {
  return accept !== undefined && /\b(?:application\/(?:x-)?yaml|text\/yaml)\b/.test(accept) && !accept.includes("json");
}
