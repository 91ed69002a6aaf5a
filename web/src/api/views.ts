/** Views that people keep: a page with its filters, by a name. */

import type { SavedView } from "../../../src/core/protocol/dashboards.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import { call, place } from "./call.ts";

export async function listViews(page: string, signal?: AbortSignal): Promise<readonly SavedView[]> {
  const views: Page<SavedView> = await call("GET", place("views"), {
    query: { limit: 1000 },
    ...(signal === undefined ? {} : { signal }),
  });
  return views.items.filter((view) => view.page === page);
}

export function addView(page: string, name: string, search: string): Promise<SavedView> {
  return call("POST", place("views"), { body: { page, name, search } });
}

export function removeView(id: string): Promise<unknown> {
  return call("DELETE", place("views", id));
}
