/** Leads from one page of a list to the next. */

import type { IncomingMessage } from "node:http";

/** The `Link` header: the same request with the cursor in it. */
export function linkToNext(request: IncomingMessage, cursor: string | null): Record<string, string> {
  if (cursor === null) return {};
  const [path, query] = (request.url ?? "/").split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("cursor", cursor);
  return { link: `<${path}?${parameters}>; rel="next"` };
}
