/** Leads from one page of a list to the next. */

import type { IncomingMessage } from "node:http";
import { LIMIT_DEFAULT, type PageQuery } from "../core/protocol/message.ts";
import { type Answer, json, problem } from "./answer.ts";

/** The `Link` header: the same request with the cursor in it. */
export function linkToNext(request: IncomingMessage, cursor: string | null): Record<string, string> {
  if (cursor === null) return {};
  const [path, query] = (request.url ?? "/").split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("cursor", cursor);
  return { link: `<${path}?${parameters}>; rel="next"` };
}

/**
 * One page of a list that is whole in memory. The cursor is the name of the last item before the page, so it stays right
 * whatever comes before it meanwhile.
 */
export function pageAnswer<T, M>(
  list: { readonly items: readonly T[]; nameOf(item: T): string; toMessage(item: T): M },
  { query, request }: { readonly query: PageQuery; readonly request: IncomingMessage },
): Answer {
  const { items, nameOf, toMessage } = list;
  const { cursor, limit = LIMIT_DEFAULT } = query;
  const last = cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");
  const first = last === null ? 0 : items.findIndex((item) => nameOf(item) === last) + 1;
  if (last !== null && first === 0) {
    const detail = "Expected the cursor of an earlier answer, but nothing in the list goes by it. Begin without one.";
    return problem("BAD_REQUEST", detail, [{ pointer: "query/cursor", detail }]);
  }
  const page = items.slice(first, first + limit);
  const end = page.at(-1);
  const isLast = end === undefined || first + limit >= items.length;
  const nextCursor = isLast ? null : Buffer.from(nameOf(end), "utf8").toString("base64url");
  return json(200, { items: page.map(toMessage), next_cursor: nextCursor }, linkToNext(request, nextCursor));
}
