/** Workflows to begin with. */

import { listTemplates, readTemplate, type TemplateSummary } from "../../core/protocol/templates.ts";
import { json, problem } from "../answer.ts";
import { readTemplates } from "../templates.ts";
import type { RouteContext } from "./context.ts";

export function bindTemplates({ binder }: RouteContext): void {
  let kept: readonly TemplateSummary[] | null = null;
  const all = () => {
    kept ??= readTemplates();
    return kept;
  };
  binder.bind(listTemplates, () => json(200, { items: all() }));
  binder.bind(readTemplate, ({ params }) => {
    const found = all().find(({ id }) => id === params.template);
    if (found !== undefined) return json(200, found);
    return problem("TEMPLATE_NOT_FOUND", `Expected a template ${JSON.stringify(params.template)}, but there is none.`);
  });
}
