/**
 * The addresses of the pages. The platform answers each of them with the same document, and nothing else with it: an address
 * that is not in this table does not exist. What is shown there is decided by the router of the pages, which is held against
 * this table by a test.
 */

import { Type } from "typebox";
import { unnamed } from "./message.ts";
import type { Route } from "./route.ts";

/** By the name of the page. `{NAME}` stands for one part of the address. */
export const PAGES = {
  home: "/",
  overview: "/dashboard",
  executions: "/executions",
  execution: "/executions/{execution_id}",
  compare_executions: "/compare/executions",
  workflows: "/workflows",
  workflow: "/workflows/{workflow}",
  designer: "/designer",
  designer_workflow: "/designer/{workflow}",
  templates: "/templates",
  executors: "/executors",
  circuit_breakers: "/circuit-breakers",
  dead_letters: "/dead-letters",
  api: "/api/docs",
} as const;

export type PageName = keyof typeof PAGES;

const NAMES = Object.keys(PAGES) as PageName[];

/** One route for each page. */
export const PAGE_ROUTES: readonly Route[] = NAMES.map((name) => ({
  method: "GET",
  path: PAGES[name],
  operationId: `read${name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Page`,
  tag: "pages",
  summary: `A page for people: ${name.replaceAll("_", " ")}`,
  permission: "public",
  params: paramsOf(PAGES[name]),
  // What a page shows is in its query; the platform does not look at it.
  query: unnamed<object>()(Type.Object({}, { additionalProperties: true })),
  body: null,
  answers: { 200: { description: "The page", schema: Type.String(), type: "text/html" } },
  problems: [],
}));

export interface AssetParams {
  readonly file: string;
}

export const readAsset: Route<AssetParams> = {
  method: "GET",
  path: "/assets/{file}",
  operationId: "readAsset",
  tag: "pages",
  summary: "A script, style or picture of the pages",
  permission: "public",
  params: unnamed<AssetParams>()(Type.Object({ file: Type.String({ maxLength: 200 }) })),
  query: null,
  body: null,
  answers: { 200: { description: "The file", schema: Type.String(), type: "application/octet-stream" } },
  problems: ["ROUTE_NOT_FOUND"],
};

function paramsOf(path: string): Route["params"] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (names.length === 0) return null;
  return unnamed<object>()(
    Type.Object(Object.fromEntries(names.map((name) => [name, Type.String({ maxLength: 300 })]))),
  );
}
