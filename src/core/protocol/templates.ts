/** Workflows to begin with. */

import { Type } from "typebox";
import type { JsonObject } from "../base/json.ts";
import { AnyObject, type Message, message, unnamed } from "./message.ts";
import type { Route } from "./route.ts";

export interface TemplateSummary {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly category: string;
  readonly tags: readonly string[];
  readonly yaml: string;
  readonly input: JsonObject;
}

const TEMPLATE = Type.Object({
  id: Type.String(),
  title: Type.String(),
  summary: Type.String(),
  category: Type.String(),
  tags: Type.Array(Type.String()),
  yaml: Type.String({ description: "The text, as it can be registered." }),
  input: AnyObject,
});

export const Template: Message<TemplateSummary> = message<TemplateSummary>("WorkflowTemplate")(TEMPLATE);

export const TemplateList: Message<{ readonly items: readonly TemplateSummary[] }> = message<{
  readonly items: readonly TemplateSummary[];
}>("WorkflowTemplateList")(Type.Object({ items: Type.Array(Template) }));

export interface TemplateParams {
  readonly template: string;
}

export const listTemplates: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/templates",
  operationId: "listTemplates",
  tag: "templates",
  summary: "List the workflow templates",
  description: "Each runs as it is, with its example input, against the executor of `magicflow start --demo`.",
  permission: "workflows:read",
  params: null,
  query: null,
  body: null,
  answers: { 200: { description: "All of them.", schema: TemplateList } },
  problems: [],
};

export const readTemplate: Route<TemplateParams, object, unknown> = {
  method: "GET",
  path: "/api/v1/templates/{template}",
  operationId: "readTemplate",
  tag: "templates",
  summary: "Read one workflow template",
  permission: "workflows:read",
  params: unnamed<TemplateParams>()(Type.Object({ template: Type.String({ minLength: 1, maxLength: 100 }) })),
  query: null,
  body: null,
  answers: { 200: { description: "The template.", schema: Template } },
  problems: ["TEMPLATE_NOT_FOUND"],
};
