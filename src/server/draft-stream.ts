/**
 * One person at a draft, over one WebSocket.
 *
 *     connected ──access, what we lack, who is there──► open ──► closed, with a code that says why
 *
 * Whether somebody may edit is asked in one place (`mayEdit`), for every frame that could be an edit. A frame that cannot be
 * read closes its connection and hurts nobody else's.
 */

import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, type Encoder, toUint8Array, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import type { WebSocket } from "ws";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import {
  messageYjsSyncStep1,
  messageYjsSyncStep2,
  messageYjsUpdate,
  writeSyncStep1,
  writeSyncStep2,
  writeUpdate,
} from "y-protocols/sync";
import { DRAFT_CLOSE, DRAFT_FRAMES } from "../core/protocol/drafts.ts";
import { EditRefused, isEmptyUpdate, type Room, type RoomListener } from "../host/drafts/room.ts";
import type { Clock } from "../ports/clock.ts";

export interface DraftStream {
  /** Whom a link has let in, and which draft: closed when one of them is gone. */
  readonly openedBy: ReadonlySet<string>;
  close(code: number, reason: string): void;
  cut(): void;
}

export interface DraftStreamOptions {
  readonly socket: WebSocket;
  readonly room: Room;
  readonly canEdit: boolean;
  readonly openedBy: ReadonlySet<string>;
  readonly clock: Clock;
  readonly closed: () => void;
}

/** Names, colours and cursors: more is no awareness. */
const AWARENESS_BYTES_MAX = 16 * 1024;
/** So much may wait for a peer to read it; one that reads so little comes back and asks for what it lacks. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
const PING_MS = 20_000;

/** Who is there, by room: of everybody at a draft, over all connections. */
const presences = new WeakMap<Room, Awareness>();

export function serveDraft({ socket, room, canEdit, openedBy, clock, closed }: DraftStreamOptions): DraftStream {
  const awareness = awarenessOf(room);
  /** The clients that this connection speaks for; when it is gone, so are they. */
  const speaksFor = new Set<number>();
  let isOver = false;
  let isAlive = true;

  const listener: RoomListener = {
    changed: (update) => sendSync((encoder) => writeUpdate(encoder, update)),
    saved: (stateVector) => send(DRAFT_FRAMES.saved, (encoder) => writeVarUint8Array(encoder, stateVector)),
  };
  const leave = room.join(listener);
  const tellAwareness = (changes: AwarenessChanges, origin: unknown) => {
    const clients = [...changes.added, ...changes.updated, ...changes.removed];
    if (origin === socket) for (const client of [...changes.added, ...changes.updated]) speaksFor.add(client);
    send(DRAFT_FRAMES.awareness, (encoder) => writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, clients)));
  };
  awareness.on("update", tellAwareness);

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isOver) return;
    isAlive = true;
    if (!isBinary) return close(DRAFT_CLOSE.badFrame, "Expected binary frames, but met one of text.");
    try {
      take(data);
    } catch (error) {
      if (error instanceof EditRefused) close(DRAFT_CLOSE.tooLarge, error.message);
      else close(DRAFT_CLOSE.badFrame, "Expected a frame of the protocol, but this one cannot be read.");
    }
  });
  socket.on("pong", () => {
    isAlive = true;
  });
  socket.on("error", () => over());
  socket.on("close", () => over());
  let cancelPing = clock.after(PING_MS, ping);

  send(DRAFT_FRAMES.access, (encoder) => writeVarUint(encoder, canEdit ? 1 : 0));
  sendSync((encoder) => writeSyncStep1(encoder, room.doc));
  listener.saved(room.savedState());
  const present = [...awareness.getStates().keys()];
  if (present.length > 0)
    send(DRAFT_FRAMES.awareness, (encoder) => writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, present)));

  function take(data: Buffer): void {
    const decoder = createDecoder(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    switch (readVarUint(decoder)) {
      case DRAFT_FRAMES.sync:
        return takeSync(readVarUint(decoder), readVarUint8Array(decoder));
      case DRAFT_FRAMES.awareness: {
        if (data.byteLength > AWARENESS_BYTES_MAX)
          return close(
            DRAFT_CLOSE.tooLarge,
            `Expected at most ${AWARENESS_BYTES_MAX} bytes of awareness, but there are more.`,
          );
        return applyAwarenessUpdate(awareness, readVarUint8Array(decoder), socket);
      }
      default:
        return close(DRAFT_CLOSE.badFrame, "Expected a frame that one may send, but this one is of another kind.");
    }
  }

  function takeSync(kind: number, content: Uint8Array): void {
    if (kind === messageYjsSyncStep1) return sendSync((encoder) => writeSyncStep2(encoder, room.doc, content));
    if (kind !== messageYjsSyncStep2 && kind !== messageYjsUpdate)
      return close(DRAFT_CLOSE.badFrame, "Expected a sync message, but met one of another kind.");
    // Who has nothing that we lack answers with an update that says nothing: that is no edit.
    if (isEmptyUpdate(content)) return;
    if (!mayEdit())
      return close(DRAFT_CLOSE.mayNotEdit, "Expected a link that lets one edit, but this one is for reading.");
    room.edit(content, listener);
  }

  /** The one place where it is decided. There are no users yet: what a link says is all there is to know. */
  function mayEdit(): boolean {
    return canEdit;
  }

  function sendSync(write: (encoder: Encoder) => void): void {
    send(DRAFT_FRAMES.sync, write);
  }

  function send(kind: number, write: (encoder: Encoder) => void): void {
    if (isOver) return;
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) return cut();
    const encoder = createEncoder();
    writeVarUint(encoder, kind);
    write(encoder);
    socket.send(toUint8Array(encoder));
  }

  function ping(): void {
    if (!isAlive) return cut();
    isAlive = false;
    socket.ping();
    cancelPing = clock.after(PING_MS, ping);
  }

  function close(code: number, reason: string): void {
    if (isOver) return;
    over();
    // What a close frame can say: 123 bytes.
    socket.close(code, reason.slice(0, 120));
  }

  function cut(): void {
    over();
    socket.terminate();
  }

  function over(): void {
    if (isOver) return;
    isOver = true;
    cancelPing();
    leave();
    awareness.off("update", tellAwareness);
    removeAwarenessStates(awareness, [...speaksFor], socket);
    if (room.listeners.size === 0) forgetPresence(room);
    closed();
  }

  return { openedBy, close, cut };
}

interface AwarenessChanges {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

/** It has a timer of its own, which ends with the last who was there. */
function forgetPresence(room: Room): void {
  presences.get(room)?.destroy();
  presences.delete(room);
}

function awarenessOf(room: Room): Awareness {
  const known = presences.get(room);
  if (known !== undefined) return known;
  const awareness = new Awareness(room.doc);
  // The platform itself is nobody at the draft.
  awareness.setLocalState(null);
  presences.set(room, awareness);
  return awareness;
}
