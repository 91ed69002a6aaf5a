/** The API described, for programs and for people. */

import { stringify } from "yaml";
import {
  readDocsOpenApi,
  readOpenApi,
  readOpenApiYaml,
  readProblemsPage,
  readStyle,
} from "../../core/protocol/documents.ts";
import { toOpenApi } from "../../core/protocol/openapi.ts";
import type { Answer } from "../answer.ts";
import { PAGE_HEADERS } from "../pages/html.ts";
import { problemsPage } from "../pages/problems-page.ts";
import { STYLE } from "../pages/style.ts";
import type { RouteContext } from "./context.ts";

export function bindDocuments({ binder, facts }: RouteContext): void {
  const openApi = once(() => JSON.stringify(toOpenApi({ version: facts.version, serverUrl: "/" })));
  const openApiYaml = once(() =>
    stringify(toOpenApi({ version: facts.version, serverUrl: "/" }), { aliasDuplicateObjects: false }),
  );
  const problems = once(problemsPage);
  const document = (type: string, text: string): Answer => ({
    kind: "text",
    status: 200,
    type: `${type}; charset=utf-8`,
    text,
    headers: { "cache-control": "no-cache" },
  });
  const page = (text: string): Answer => ({
    kind: "text",
    status: 200,
    type: "text/html; charset=utf-8",
    text,
    headers: PAGE_HEADERS,
  });

  binder.bind(readDocsOpenApi, () => document("application/json", openApi()));
  binder.bind(readOpenApi, () => document("application/json", openApi()));
  binder.bind(readOpenApiYaml, () => document("application/yaml", openApiYaml()));
  binder.bind(readStyle, () => document("text/css", STYLE));
  binder.bind(readProblemsPage, () => page(problems()));
}

/** These texts are the same for everybody, and most processes are never asked for them. */
function once(make: () => string): () => string {
  let text: string | null = null;
  return () => {
    text ??= make();
    return text;
  };
}
