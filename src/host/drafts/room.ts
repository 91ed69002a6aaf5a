/**
 * One draft while somebody edits it: its text and what lies beside it as one Yjs document, and the way of every edit to the disk.
 *
 *     edit ──► document in memory ──► everybody else          (at once)
 *        └───► waiting ──one write──► disk ──► "saved up to"   (one write at a time, what comes meanwhile shares the next)
 *
 * An edit counts as saved when it is on disk and not before; that is told with the state vector of what is there. A write that
 * fails is tried again with all that has come since, so nothing that was taken in is lost while the process lives, and nothing
 * that was told to be saved is lost at all.
 */

import * as Y from "yjs";
import type { Clock } from "../../ports/clock.ts";
import type { Documents, DocumentWrite } from "../../ports/store.ts";

export interface Room {
  readonly doc: Y.Doc;
  /** Takes an edit in. Throws `EditRefused` where it cannot be, and changes nothing then. */
  edit(update: Uint8Array, from: RoomListener | null): void;
  /** State vector of what is on disk. */
  savedState(): Uint8Array;
  join(listener: RoomListener): () => void;
  readonly listeners: ReadonlySet<RoomListener>;
  /** A copy to make an edit on, which is then taken in like anybody's. */
  fork(): Y.Doc;
  /** Resolves when everything that was taken in is on disk. Rejects where the store does not take it. */
  settled(): Promise<void>;
}

export interface RoomListener {
  changed(update: Uint8Array): void;
  saved(stateVector: Uint8Array): void;
}

export class EditRefused extends Error {
  override readonly name = "EditRefused";
}

/** As long as a document that is registered. */
export const TEXT_LENGTH_MAX: number = 1024 * 1024;
/** With everything that was ever deleted in it: an editing day of several people is some hundred kilobytes. */
const STATE_BYTES_MAX = 16 * 1024 * 1024;
/** So many increments are read at the next opening before they become one state. */
const INCREMENTS_MAX = 200;
const AGAIN_MS = 1000;

const STATES = "draft_states";
const INCREMENTS = "draft_increments";

export interface RoomOptions {
  readonly documents: Documents;
  readonly workspace: string;
  readonly draftId: string;
  readonly clock: Clock;
  readonly report: (error: unknown, about: string) => void;
}

export async function openRoom({ documents, workspace, draftId, clock, report }: RoomOptions): Promise<Room> {
  const doc = new Y.Doc();
  const stored = await documents.get({ collection: STATES, workspace, id: draftId });
  if (stored !== null) Y.applyUpdate(doc, bytesOf(stored.body));
  let increments = (
    await documents.list({ collection: INCREMENTS, workspace, group: draftId, limit: INCREMENTS_MAX * 10 })
  ).map(({ id, revision, body }) => {
    Y.applyUpdate(doc, bytesOf(body));
    return { id, revision };
  });
  let stateRevision = stored?.revision ?? null;
  let next = increments.length === 0 ? 1 : numberOf(increments.at(-1)?.id ?? "") + 1;
  let size = Y.encodeStateAsUpdate(doc).byteLength;
  let saved = Y.encodeStateVector(doc);
  let waiting: Uint8Array[] = [];
  let writing: Promise<void> | null = null;
  const listeners = new Set<RoomListener>();

  function edit(update: Uint8Array, from: RoomListener | null): void {
    if (size + update.byteLength > STATE_BYTES_MAX)
      throw new EditRefused(
        `Expected a draft of at most ${STATE_BYTES_MAX} bytes with its past, but the edit makes it longer.`,
      );
    // Tried on the side first: what a document has taken in cannot be taken out of it.
    const length = lengthAfter(doc, update);
    if (length > TEXT_LENGTH_MAX)
      throw new EditRefused(
        `Expected a text of at most ${TEXT_LENGTH_MAX} characters, but the edit makes it ${length} long.`,
      );
    const before = Y.encodeStateVector(doc);
    Y.applyUpdate(doc, update);
    size += update.byteLength;
    const isNew = !equalBytes(before, Y.encodeStateVector(doc)) || hasDeletions(update);
    if (!isNew) return;
    waiting.push(update);
    for (const listener of listeners) if (listener !== from) listener.changed(update);
    void write();
  }

  function write(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = null;
    });
    return writing;
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      const reached = Y.encodeStateVector(doc);
      try {
        await put(Y.mergeUpdates(taken));
      } catch (error) {
        waiting = [...taken, ...waiting];
        report(error, `the draft ${draftId} could not be written and is tried again`);
        clock.after(AGAIN_MS, () => void write());
        return;
      }
      saved = reached;
      for (const listener of listeners) listener.saved(saved);
    }
  }

  /** One more increment; when there are many, the whole state takes their place in the same write. */
  async function put(update: Uint8Array): Promise<void> {
    if (increments.length < INCREMENTS_MAX) {
      const id = `${draftId}/${String(next).padStart(12, "0")}`;
      const revisions = await documents.put([
        { collection: INCREMENTS, workspace, id, expected: null, body: textOf(update), group: draftId },
      ]);
      if (revisions === null) throw new Error(`Expected the increment ${id} to be new, but there is one.`);
      next += 1;
      increments.push({ id, revision: revisions[0] ?? 1 });
      return;
    }
    const removed = increments.map(
      ({ id, revision }): DocumentWrite => ({
        collection: INCREMENTS,
        workspace,
        id,
        expected: revision,
        body: null,
        group: draftId,
      }),
    );
    const body = textOf(Y.encodeStateAsUpdate(doc));
    const revisions = await documents.put([
      { collection: STATES, workspace, id: draftId, expected: stateRevision, body, group: null },
      ...removed,
    ]);
    if (revisions === null)
      throw new Error(`Expected the state of the draft ${draftId} to be as it was written, but it has changed.`);
    stateRevision = revisions[0] ?? null;
    increments = [];
  }

  return {
    doc,
    edit,
    savedState: () => saved,
    listeners,
    fork() {
      const copy = new Y.Doc();
      Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
      return copy;
    },
    join(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async settled() {
      await write();
      if (waiting.length > 0)
        throw new Error(`Expected the draft ${draftId} to be on disk, but the store does not take it.`);
    },
  };
}

/** Everything that is stored of the draft, to be removed with it. */
export async function removeRoom(
  documents: Documents,
  workspace: string,
  draftId: string,
): Promise<readonly DocumentWrite[]> {
  const state = await documents.get({ collection: STATES, workspace, id: draftId });
  const increments = await documents.list({
    collection: INCREMENTS,
    workspace,
    group: draftId,
    limit: INCREMENTS_MAX * 10,
  });
  return [...(state === null ? [] : [state]), ...increments].map(({ collection, id, revision, group }) => ({
    collection,
    workspace,
    id,
    expected: revision,
    body: null,
    group,
  }));
}

function lengthAfter(doc: Y.Doc, update: Uint8Array): number {
  // An update cannot add more characters than it has bytes: small ones need no copy of the whole.
  const length = doc.getText("text").length;
  if (length + update.byteLength <= TEXT_LENGTH_MAX) {
    Y.decodeUpdate(update);
    return length;
  }
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  Y.applyUpdate(copy, update);
  const after = copy.getText("text").length;
  copy.destroy();
  return after;
}

/** Deletions do not move the state vector. */
function hasDeletions(update: Uint8Array): boolean {
  return Y.decodeUpdate(update).ds.clients.size > 0;
}

/** An update that says nothing: what a peer answers that has nothing which we lack. */
export function isEmptyUpdate(update: Uint8Array): boolean {
  const { structs, ds } = Y.decodeUpdate(update);
  return structs.length === 0 && ds.clients.size === 0;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}

function textOf(update: Uint8Array): string {
  return Buffer.from(update).toString("base64");
}

/** Written by this file alone. */
function bytesOf(body: unknown): Uint8Array {
  return Buffer.from(String(body), "base64");
}
