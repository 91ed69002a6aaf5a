/** Small documents that people keep, each with a revision by which a change of somebody else is noticed. */

import type { JsonObject } from "../../core/base/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Document, Documents } from "../../ports/store.ts";

export interface Kept {
  readonly id: string;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly content: JsonObject;
}

export type ShelfAnswer =
  | { readonly kind: "kept"; readonly kept: Kept }
  | { readonly kind: "unknown" }
  | { readonly kind: "taken" }
  | { readonly kind: "conflict" };

export interface Shelf {
  list(workspace: string, limit: number, afterId: string | null): Promise<readonly Kept[]>;
  read(workspace: string, id: string): Promise<Kept | null>;
  add(workspace: string, id: string, content: JsonObject): Promise<ShelfAnswer>;
  /** `seen` null: whatever it is. */
  replace(
    workspace: string,
    id: string,
    content: JsonObject,
    seen: ((revision: number) => boolean) | null,
  ): Promise<ShelfAnswer>;
  remove(workspace: string, id: string, seen: ((revision: number) => boolean) | null): Promise<ShelfAnswer>;
}

export function createShelf(documents: Documents, clock: Clock, collection: string): Shelf {
  async function find(workspace: string, id: string): Promise<Kept | null> {
    const document = await documents.get({ collection, workspace, id });
    return document === null ? null : toKept(document);
  }

  async function write(
    workspace: string,
    id: string,
    expected: number | null,
    body: { createdAt: number; updatedAt: number; content: JsonObject } | null,
  ): Promise<number | null> {
    return (await documents.put([{ collection, workspace, id, expected, body, group: null }]))?.[0] ?? null;
  }

  async function change(
    workspace: string,
    id: string,
    content: JsonObject | null,
    seen: ((revision: number) => boolean) | null,
  ): Promise<ShelfAnswer> {
    const kept = await find(workspace, id);
    if (kept === null) return { kind: "unknown" };
    if (seen !== null && !seen(kept.revision)) return { kind: "conflict" };
    const { createdAt } = kept;
    const updatedAt = clock.now();
    const revision = await write(
      workspace,
      id,
      kept.revision,
      content === null ? null : { createdAt, updatedAt, content },
    );
    if (revision === null) return { kind: "conflict" };
    return { kind: "kept", kept: { id, revision, createdAt, updatedAt, content: content ?? kept.content } };
  }

  return {
    async list(workspace, limit, afterId) {
      const found = await documents.list({ collection, workspace, limit, ...(afterId === null ? {} : { afterId }) });
      return found.map(toKept);
    },
    read: find,
    async add(workspace, id, content) {
      const now = clock.now();
      const revision = await write(workspace, id, null, { createdAt: now, updatedAt: now, content });
      if (revision === null) return { kind: "taken" };
      return { kind: "kept", kept: { id, revision, createdAt: now, updatedAt: now, content } };
    },
    replace: change,
    remove: (workspace, id, seen) => change(workspace, id, null, seen),
  };
}

/** Written by this file alone. */
function toKept({ id, revision, body }: Document): Kept {
  const { createdAt, updatedAt, content } = body as unknown as Omit<Kept, "id" | "revision">;
  return { id, revision, createdAt, updatedAt, content };
}
