/**
 * Drafts: workflow texts that are being edited, by one person or by several at once.
 *
 *     drafts            id       title, workflow, the version that it began from; its revision is the draft's
 *     draft_states      id       the text and what lies beside it (`room.ts`)
 *     draft_increments  id/n     what has come since
 *     draft_shares      hash     a link that lets somebody in: of which draft, and whether he may edit
 *
 * Layout, notes and pins lie beside the text, never in it: what is published is the text alone.
 */

import { createHash, randomBytes } from "node:crypto";
import type { Instant } from "../../core/base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Entropy } from "../../ports/entropy.ts";
import type { Document, Documents } from "../../ports/store.ts";
import { openRoom, type Room, removeRoom } from "./room.ts";

export interface DraftRecord {
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  readonly workflow: string | null;
  readonly baseVersion: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export type ShareAccess = "read" | "edit";

export interface ShareRecord {
  readonly id: string;
  readonly draftId: string;
  readonly access: ShareAccess;
  readonly createdAt: Instant;
}

export interface Place {
  readonly workspace: string;
  readonly draftId: string;
}

export interface Drafts extends AsyncDisposable {
  list(request: {
    workspace: string;
    workflow: string | null;
    limit: number;
    afterId: string | null;
  }): Promise<readonly DraftRecord[]>;
  read(place: Place): Promise<DraftRecord | null>;
  create(request: {
    workspace: string;
    title: string;
    workflow: string | null;
    baseVersion: string | null;
    text: string;
  }): Promise<DraftRecord>;
  /** Null: somebody has changed it meanwhile, or it is gone. */
  change(
    place: Place,
    expected: number | null,
    change: Partial<Pick<DraftRecord, "title" | "workflow" | "baseVersion">>,
  ): Promise<DraftRecord | null>;
  /** False: there is none, or somebody has changed it. Whoever is in its room is put out. */
  remove(place: Place, expected: number | null): Promise<boolean>;
  text(place: Place): Promise<string>;
  /** Puts `text` in the place of the draft's, as the smallest edit; resolves when it is on disk. */
  replaceText(place: Place, text: string): Promise<void>;
  /** Held until `leave` is called. Null: there is no such draft. */
  enter(place: Place): Promise<{ readonly room: Room; readonly leave: () => void } | null>;
  /** The token is told once and not kept. */
  share(place: Place, access: ShareAccess): Promise<{ readonly share: ShareRecord; readonly token: string }>;
  shares(place: Place): Promise<readonly ShareRecord[]>;
  revoke(place: Place, shareId: string): Promise<boolean>;
  /** What a token opens; null: nothing. */
  shareOf(workspace: string, token: string): Promise<ShareRecord | null>;
  /** Called with the id of a share or draft that no longer lets anybody in. */
  onClosed(listener: (id: string) => void): () => void;
}

const DRAFTS = "drafts";
const SHARES = "draft_shares";
/** A room that nobody is in is kept for a moment: whoever comes back finds it open. */
const EMPTY_ROOM_MS = 30_000;
const SHARES_MAX = 100;

interface OpenRoom {
  readonly room: Promise<Room>;
  users: number;
  cancel: () => void;
}

export function openDrafts(options: {
  documents: Documents;
  clock: Clock;
  entropy: Entropy;
  report: (error: unknown, about: string) => void;
}): Drafts {
  const { documents, clock, entropy, report } = options;
  const rooms = new Map<string, OpenRoom>();
  let isStopped = false;
  const closedListeners = new Set<(id: string) => void>();
  const closed = (id: string) => {
    for (const listener of closedListeners) listener(id);
  };

  async function read({ workspace, draftId }: Place): Promise<DraftRecord | null> {
    const document = await documents.get({ collection: DRAFTS, workspace, id: draftId });
    return document === null ? null : toDraft(document);
  }

  function hold({ workspace, draftId }: Place): OpenRoom {
    const key = `${workspace}/${draftId}`;
    const known = rooms.get(key);
    if (known !== undefined) {
      known.cancel();
      known.users += 1;
      return known;
    }
    const opened: OpenRoom = {
      room: openRoom({ documents, workspace, draftId, clock, report }),
      users: 1,
      cancel: () => {},
    };
    rooms.set(key, opened);
    // One that could not be opened is opened anew by whoever comes next.
    opened.room.catch(() => rooms.delete(key));
    return opened;
  }

  function letGo({ workspace, draftId }: Place, opened: OpenRoom): void {
    opened.users -= 1;
    // When the platform stops, everything is written once and nothing is kept open.
    const key = `${workspace}/${draftId}`;
    if (opened.users > 0 || isStopped || rooms.get(key) !== opened) return;
    opened.cancel = clock.after(EMPTY_ROOM_MS, () => {
      void opened.room
        .then((room) => room.settled())
        .then(() => {
          if (opened.users === 0 && rooms.get(key) === opened) rooms.delete(key);
        })
        .catch((error: unknown) => {
          report(error, `the draft ${draftId} is kept in memory until it can be written`);
          if (opened.users > 0) return;
          opened.users = 1;
          letGo({ workspace, draftId }, opened);
        });
    });
  }

  async function inRoom<T>(place: Place, work: (room: Room) => T | Promise<T>): Promise<T> {
    const opened = hold(place);
    try {
      return await work(await opened.room);
    } finally {
      letGo(place, opened);
    }
  }

  async function replaceText(place: Place, text: string): Promise<void> {
    await inRoom(place, async (room) => {
      const shared = room.doc.getText("text");
      const before = shared.toString();
      if (before !== text) room.edit(editOf(room, before, text), null);
      await room.settled();
    });
  }

  return {
    async list({ workspace, workflow, limit, afterId }) {
      const found = await documents.list({
        collection: DRAFTS,
        workspace,
        limit,
        ...(workflow === null ? {} : { group: workflow }),
        ...(afterId === null ? {} : { afterId }),
      });
      return found.map(toDraft);
    },
    read,

    async create({ workspace, title, workflow, baseVersion, text }) {
      const id = entropy.id();
      const now = clock.now();
      const body = { title, workflow, baseVersion, createdAt: now, updatedAt: now };
      const [revision] =
        (await documents.put([{ collection: DRAFTS, workspace, id, expected: null, body, group: workflow }])) ?? [];
      await replaceText({ workspace, draftId: id }, text);
      return { id, revision: revision ?? 1, ...body };
    },

    async change(place, expected, change) {
      const known = await read(place);
      if (known === null || (expected !== null && expected !== known.revision)) return null;
      const { id, revision, ...rest } = known;
      const body = { ...rest, ...change, updatedAt: clock.now() };
      const [next] =
        (await documents.put([
          { collection: DRAFTS, workspace: place.workspace, id, expected: revision, body, group: body.workflow },
        ])) ?? [];
      return next === undefined ? null : { id, revision: next, ...body };
    },

    async remove(place, expected) {
      const known = await read(place);
      if (known === null || (expected !== null && expected !== known.revision)) return false;
      const { workspace, draftId } = place;
      closed(draftId);
      const open = rooms.get(`${workspace}/${draftId}`);
      if (open !== undefined) await (await open.room).settled();
      open?.cancel();
      rooms.delete(`${workspace}/${draftId}`);
      const shares = await documents.list({ collection: SHARES, workspace, group: draftId, limit: SHARES_MAX });
      const answer = await documents.put([
        { collection: DRAFTS, workspace, id: draftId, expected: known.revision, body: null, group: known.workflow },
        ...(await removeRoom(documents, workspace, draftId)),
        ...shares.map(({ id, revision, group }) => ({
          collection: SHARES,
          workspace,
          id,
          expected: revision,
          body: null,
          group,
        })),
      ]);
      return answer !== null;
    },

    text: (place) => inRoom(place, (room) => room.doc.getText("text").toString()),
    replaceText,

    async enter(place) {
      if ((await read(place)) === null) return null;
      const opened = hold(place);
      try {
        const room = await opened.room;
        let isIn = true;
        const leave = () => {
          if (isIn) letGo(place, opened);
          isIn = false;
        };
        return { room, leave };
      } catch (error) {
        letGo(place, opened);
        throw error;
      }
    },

    async share({ workspace, draftId }, access) {
      const token = randomBytes(24).toString("base64url");
      const share: ShareRecord = { id: idOfToken(token), draftId, access, createdAt: clock.now() };
      const { id, ...body } = share;
      await documents.put([{ collection: SHARES, workspace, id, expected: null, body, group: draftId }]);
      return { share, token };
    },

    async shares({ workspace, draftId }) {
      return (await documents.list({ collection: SHARES, workspace, group: draftId, limit: SHARES_MAX })).map(toShare);
    },

    async revoke({ workspace, draftId }, shareId) {
      const document = await documents.get({ collection: SHARES, workspace, id: shareId });
      if (document === null || toShare(document).draftId !== draftId) return false;
      const answer = await documents.put([
        { collection: SHARES, workspace, id: shareId, expected: document.revision, body: null, group: draftId },
      ]);
      if (answer !== null) closed(shareId);
      return answer !== null;
    },

    async shareOf(workspace, token) {
      const document = await documents.get({ collection: SHARES, workspace, id: idOfToken(token) });
      return document === null ? null : toShare(document);
    },

    onClosed(listener) {
      closedListeners.add(listener);
      return () => closedListeners.delete(listener);
    },

    async [Symbol.asyncDispose]() {
      isStopped = true;
      for (const { room, cancel } of rooms.values()) {
        cancel();
        await room
          .then((opened) => opened.settled())
          .catch((error: unknown) => report(error, "a draft was not written"));
      }
      rooms.clear();
    },
  };
}

/** One edit that changes what differs: what both texts begin and end with stays, and with it the cursors of others. */
function editOf(room: Room, before: string, after: string): Uint8Array {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end))
    end += 1;
  // Half a character is none: a pair of surrogates is changed whole.
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end -= 1;
  const copy = room.fork();
  const text = copy.getText("text");
  let made: Uint8Array | null = null;
  copy.on("update", (update: Uint8Array) => {
    made = update;
  });
  copy.transact(() => {
    text.delete(start, before.length - start - end);
    text.insert(start, after.slice(start, after.length - end));
  });
  copy.destroy();
  return made ?? new Uint8Array([0, 0]);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** A link is known by the hash of its token: whoever reads the store cannot follow it. */
function idOfToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Written by this file alone. */
function toDraft({ id, revision, body }: Document): DraftRecord {
  return { id, revision, ...(body as unknown as Omit<DraftRecord, "id" | "revision">) };
}

function toShare({ id, body }: Document): ShareRecord {
  return { id, ...(body as unknown as Omit<ShareRecord, "id">) };
}
