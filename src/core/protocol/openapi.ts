/**
 * The API document (OpenAPI 3.1), made from the table of routes: nothing in it is written by hand, so it cannot lag behind.
 *
 * Messages have a `title`; each becomes a component of that name, and wherever it stands in another one there is a `$ref`.
 */

import { isObject, type Json, type JsonObject } from "../base/json.ts";
import { PROBLEMS, Problem, type ProblemCode } from "./problems.ts";
import { type Answer, COMMON_PROBLEMS, TAGS, type Tag } from "./route.ts";
import { type AnyRoute, ROUTES } from "./routes.ts";

/** What people look at has no place in a document for programs. */
const PAGES: Tag = "pages";

export function toOpenApi(facts: { version: string; serverUrl: string }): JsonObject {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of ROUTES.filter(({ tag }) => tag !== PAGES)) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, Json>)[route.method.toLowerCase()] = operation(route, components);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Magic Flow",
      version: facts.version,
      description: "Durable workflows: register them, start them, follow them, and do their work.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: facts.serverUrl }],
    tags: Object.entries(TAGS)
      .filter(([name]) => name !== PAGES)
      .map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.schemas },
  };
}

function operation(route: AnyRoute, components: Components): JsonObject {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    "x-permission": route.permission,
    parameters: [
      ...parameters(route.params, "path", components),
      ...parameters(route.query, "query", components),
      ...headers(route),
    ],
    ...(route.body === null ? {} : { requestBody: requestBody(route.body, components) }),
    ...(route.frames === undefined ? {} : { "x-frames": route.frames.map((frame) => components.refer(frame)) }),
    responses: { ...answers(route.answers, components), ...problems(route, components) },
  };
}

function parameters(schema: unknown, place: "path" | "query", components: Components): JsonObject[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(isObject(property) && typeof property.description === "string" ? { description: property.description } : {}),
    schema: components.refer(property),
  }));
}

/** Changes of what somebody else may have changed meanwhile. */
const GUARDED: readonly string[] = [
  "replaceWorkflow",
  "addVersion",
  "archiveWorkflow",
  "replaceDashboard",
  "removeDashboard",
  "replaceSavedView",
  "removeSavedView",
];

/** Headers that mean something to the operation; what any request may carry is not repeated here. */
function headers(route: AnyRoute): JsonObject[] {
  const names: [string, string][] = [];
  if (route.operationId === "startExecution") {
    names.push(["Idempotency-Key", "The same key with the same start is one execution, for 24 hours."]);
    names.push(["Prefer", "`wait=30` waits for the end, in seconds."]);
    names.push(["traceparent", "W3C trace context, handed on to the tasks."]);
  }
  if (route.operationId === "startExecutions" || route.operationId === "publishEvents") {
    names.push(["Idempotency-Key", "For those that have no key or id of their own: this one with their place."]);
  }
  if (route.permission === "executions:control" || route.operationId === "rerunExecution")
    names.push(["Idempotency-Key", "The id of the command."]);
  if (GUARDED.includes(route.operationId)) {
    names.push(["If-Match", "The `ETag` that was read; refused if somebody else was faster."]);
  }
  if (["streamExecution", "streamWorkspace"].includes(route.operationId))
    names.push(["Last-Event-ID", "Go on after this event."]);
  return names.map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function requestBody(body: NonNullable<AnyRoute["body"]>, components: Components): JsonObject {
  const content: Record<string, Json> = { "application/json": { schema: components.refer(body.schema) } };
  for (const type of body.otherTypes ?? []) {
    content[type] = type.endsWith("json") ? { schema: components.refer(body.schema) } : { schema: { type: "string" } };
  }
  return { required: body.isRequired, content };
}

function answers(declared: Readonly<Record<number, Answer>>, components: Components): Record<string, Json> {
  const entries = Object.entries(declared).map(([status, { description, schema, type }]): [string, Json] => {
    if (schema === null) return [status, { description }];
    return [status, { description, content: { [type ?? "application/json"]: { schema: components.refer(schema) } } }];
  });
  return Object.fromEntries(entries);
}

/** Codes that share a status share an entry, which names all of them. */
function problems(route: AnyRoute, components: Components): Record<string, Json> {
  const byStatus = new Map<number, ProblemCode[]>();
  const common = route.permission === "public" ? [] : COMMON_PROBLEMS;
  for (const code of [...route.problems, ...common]) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const entries = [...byStatus]
    .filter(([status]) => !Object.hasOwn(route.answers, status))
    .sort(([a], [b]) => a - b)
    .map(([status, codes]): [string, Json] => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
        content: { "application/problem+json": { schema: components.refer(Problem) } },
      },
    ]);
  return Object.fromEntries(entries);
}

class Components {
  readonly schemas: Record<string, Json> = {};

  /** The schema as it stands in the document: by reference if it has a name. */
  refer(schema: unknown): Json {
    if (Array.isArray(schema)) return schema.map((item) => this.refer(item));
    if (!isObject(schema)) return schema as Json;
    const { title } = schema;
    if (typeof title !== "string") return this.#copy(schema);
    if (!Object.hasOwn(this.schemas, title)) {
      // The name is taken before its members are looked at, so that a message may contain itself.
      this.schemas[title] = {};
      const { title: _title, ...rest } = schema;
      this.schemas[title] = this.#copy(rest);
    }
    return { $ref: `#/components/schemas/${title}` };
  }

  #copy(schema: JsonObject): JsonObject {
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, this.refer(value)]));
  }
}
