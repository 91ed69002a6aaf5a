/** Dashboards and saved views: kept, read, changed and removed. */

import type { JsonObject } from "../../core/base/json.ts";
import { toRfc3339 } from "../../core/base/time.ts";
import { dashboardRoutes, type ShelfRoutes, viewRoutes } from "../../core/protocol/dashboards.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import type { Kept, Shelf, ShelfAnswer } from "../../host/insight/shelf.ts";
import { type Answer, json, NO_CONTENT, problem } from "../answer.ts";
import { linkToNext } from "../paging.ts";
import type { RouteContext } from "./context.ts";

export function bindShelves(context: RouteContext): void {
  const { dashboards, views } = context.insight.shelves;
  bindShelf(context, dashboardRoutes, dashboards, "dashboard");
  bindShelf(context, viewRoutes, views, "saved view");
}

function bindShelf<C extends { readonly id?: string | undefined }>(
  { binder, entropy }: RouteContext,
  routes: ShelfRoutes<C>,
  shelf: Shelf,
  words: string,
): void {
  const contentOf = ({ id: _, ...content }: C): JsonObject => content as unknown as JsonObject;
  const answerOf = (answer: ShelfAnswer, id: string, status: 200 | 201): Answer => {
    switch (answer.kind) {
      case "kept": {
        const { revision } = answer.kept;
        const location = status === 201 ? { location: `${routes.list.path}/${id}` } : {};
        return json(status, toMessage(answer.kept), { etag: etagOf(revision), ...location });
      }
      case "unknown":
        return problem("DOCUMENT_NOT_FOUND", `Expected a ${words} ${JSON.stringify(id)}, but there is none.`);
      case "taken":
        return problem("ID_TAKEN", `Expected an id that is free, but there is a ${words} ${JSON.stringify(id)}.`);
      case "conflict":
        return problem(
          "REVISION_CONFLICT",
          `Expected the ${words} ${JSON.stringify(id)} to be as it was read, but somebody has changed it.`,
        );
    }
  };

  binder.bind(routes.list, async ({ workspace, query, request }) => {
    const { limit = LIMIT_DEFAULT, cursor } = query;
    const afterId = cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");
    const found = await shelf.list(workspace, limit + 1, afterId);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const nextCursor =
      found.length > limit && last !== undefined ? Buffer.from(last.id, "utf8").toString("base64url") : null;
    return json(200, { items: items.map(toMessage), next_cursor: nextCursor }, linkToNext(request, nextCursor));
  });

  binder.bind(routes.add, async ({ workspace, body }) => {
    const id = body.id ?? entropy.id();
    return answerOf(await shelf.add(workspace, id, contentOf(body)), id, 201);
  });

  binder.bind(routes.read, async ({ workspace, params: { id }, headers }) => {
    const kept = await shelf.read(workspace, id);
    if (kept === null) return answerOf({ kind: "unknown" }, id, 200);
    const etag = etagOf(kept.revision);
    if (hasTag(headers["if-none-match"], etag)) return { kind: "empty", status: 304, headers: { etag } };
    return json(200, toMessage(kept), { etag });
  });

  binder.bind(routes.replace, async ({ workspace, params: { id }, body, headers }) => {
    const seen = seenBy(headers["if-match"]);
    return answerOf(await shelf.replace(workspace, id, contentOf(body), seen), id, 200);
  });

  binder.bind(routes.remove, async ({ workspace, params: { id }, headers }) => {
    const answer = await shelf.remove(workspace, id, seenBy(headers["if-match"]));
    return answer.kind === "kept" ? NO_CONTENT : answerOf(answer, id, 200);
  });
}

function toMessage({ id, content, createdAt, updatedAt }: Kept): JsonObject {
  return { id, ...content, created_at: toRfc3339(createdAt), updated_at: toRfc3339(updatedAt) };
}

function seenBy(header: string | undefined): ((revision: number) => boolean) | null {
  return header === undefined ? null : (revision) => hasTag(header, etagOf(revision));
}

function hasTag(header: string | undefined, etag: string): boolean {
  return header?.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag) === true;
}

function etagOf(revision: number): string {
  return `"${revision}"`;
}
