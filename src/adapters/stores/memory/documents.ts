/** Documents in a map by their place. */

import type { Document, DocumentPlace, DocumentQuery, DocumentWrite } from "../../../ports/store.ts";
import { foldCase } from "../search.ts";

/** The port's `Documents` without the promises. */
export interface MemoryDocuments {
  get(place: DocumentPlace): Document | null;
  put(writes: readonly DocumentWrite[]): readonly number[] | null;
  list(query: DocumentQuery): readonly Document[];
}

export function createDocuments(): MemoryDocuments {
  const documents = new Map<string, Document>();

  return {
    get: (place) => documents.get(keyOf(place)) ?? null,

    put(writes) {
      const changed = new Map<string, Document | null>();
      const revisions: number[] = [];
      for (const { expected, body, ...place } of writes) {
        const key = keyOf(place);
        const stored = changed.has(key) ? changed.get(key) : documents.get(key);
        const revision = stored?.revision ?? null;
        if (revision !== expected) return null;
        const document = body === null ? null : { ...place, revision: (revision ?? 0) + 1, body };
        changed.set(key, document);
        revisions.push(document?.revision ?? 0);
      }
      for (const [key, document] of changed) {
        if (document === null) documents.delete(key);
        else documents.set(key, document);
      }
      return revisions;
    },

    list({ collection, workspace, group, idContains, afterId, limit }) {
      const part = idContains === undefined ? null : foldCase(idContains);
      return [...documents.values()]
        .filter(
          (document) =>
            document.collection === collection &&
            document.workspace === workspace &&
            (group === undefined || document.group === group) &&
            (part === null || foldCase(document.id).includes(part)) &&
            (afterId === undefined || document.id > afterId),
        )
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
  };
}

function keyOf({ collection, workspace, id }: DocumentPlace): string {
  return JSON.stringify([collection, workspace, id]);
}
