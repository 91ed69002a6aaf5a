/** The API about itself, and pages for people. */

import { Type } from "typebox";
import { AnyObject } from "./message.ts";
import type { Route } from "./route.ts";

function document(path: string, operationId: string, summary: string, type: string): Route {
  return {
    method: "GET",
    path,
    operationId,
    tag: "documents",
    summary,
    permission: "public",
    params: null,
    query: null,
    body: null,
    answers: { 200: { description: summary, schema: type === "application/json" ? AnyObject : Type.String(), type } },
    problems: [],
  };
}

export const readProblemsPage: Route = document(
  "/api/docs/problems",
  "readProblemsPage",
  "Every problem code, for people",
  "text/html",
);
export const readStyle: Route = document("/api/docs/style.css", "readStyle", "The style of these pages", "text/css");
export const readDocsOpenApi: Route = document(
  "/api/docs/openapi.json",
  "readDocsOpenApi",
  "This API in OpenAPI 3.1",
  "application/json",
);
export const readOpenApi: Route = document(
  "/api/openapi.json",
  "readOpenApi",
  "This API in OpenAPI 3.1",
  "application/json",
);
export const readOpenApiYaml: Route = document(
  "/api/openapi.yaml",
  "readOpenApiYaml",
  "This API in OpenAPI 3.1, as YAML",
  "application/yaml",
);
