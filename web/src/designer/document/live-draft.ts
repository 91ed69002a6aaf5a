/**
 * Holds the document together with the draft that the platform keeps, and with everybody else who edits it.
 *
 *     edit here ──► socket ──► platform ──► disk ──► "saved"
 *     edit there ◄── socket ◄── platform
 *
 * While there is no connection one goes on editing; when it is back, each side asks the other for what it lacks, so nothing
 * is lost and nothing comes twice. An edit counts as saved when the platform has told that it is on disk.
 */

import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, type Encoder, toUint8Array, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import { messageYjsSyncStep2, readSyncMessage, writeSyncStep1, writeUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import { DRAFT_CLOSE, DRAFT_FRAMES, DRAFT_PROTOCOL } from "../../../../src/core/protocol/drafts.ts";

export type LiveStatus = "connecting" | "offline" | "saving" | "saved" | "refused";

export interface LiveState {
  readonly status: LiveStatus;
  /** Whether the draft is here: before, there is nothing to show. */
  readonly isHere: boolean;
  readonly canEdit: boolean;
  /** Why the platform has closed the connection for good; null: it has not. */
  readonly refusal: string | null;
}

export interface LiveDraft {
  readonly awareness: Awareness;
  readonly state: LiveState;
  subscribe(listener: () => void): () => void;
  close(): void;
}

const AGAIN_MS = [300, 1000, 2000, 5000] as const;

export function openLiveDraft(doc: Y.Doc, draftId: string, share: string | null): LiveDraft {
  const awareness = new Awareness(doc);
  const listeners = new Set<() => void>();
  const address = new URL(`/api/v1/drafts/${encodeURIComponent(draftId)}/live`, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  if (share !== null) address.search = `?share=${encodeURIComponent(share)}`;
  let state: LiveState = { status: "connecting", isHere: false, canEdit: share === null, refusal: null };
  let socket: WebSocket | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isClosed = false;

  const change = (more: Partial<LiveState>) => {
    state = { ...state, ...more };
    for (const listener of listeners) listener();
  };

  function connect(): void {
    timer = null;
    const opened = new WebSocket(address, DRAFT_PROTOCOL);
    opened.binaryType = "arraybuffer";
    socket = opened;
    opened.onopen = () => {
      send(DRAFT_FRAMES.sync, (encoder) => writeSyncStep1(encoder, doc));
      send(DRAFT_FRAMES.awareness, (encoder) =>
        writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, [doc.clientID])),
      );
    };
    opened.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => take(new Uint8Array(data));
    opened.onclose = ({ code, reason }) => {
      socket = null;
      removeAwarenessStates(
        awareness,
        [...awareness.getStates().keys()].filter((client) => client !== doc.clientID),
        "offline",
      );
      if (isClosed) return;
      if (Object.values(DRAFT_CLOSE).some((known) => known === code))
        return change({ status: "refused", refusal: reason });
      change({ status: "offline" });
      timer = setTimeout(connect, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
      failures += 1;
    };
  }

  function take(frame: Uint8Array): void {
    const decoder = createDecoder(frame);
    switch (readVarUint(decoder)) {
      case DRAFT_FRAMES.sync: {
        const answer = createEncoder();
        writeVarUint(answer, DRAFT_FRAMES.sync);
        const empty = toUint8Array(answer).byteLength;
        const kind = readSyncMessage(decoder, answer, doc, "live");
        const bytes = toUint8Array(answer);
        if (bytes.byteLength > empty && state.canEdit) socket?.send(bytes);
        if (kind === messageYjsSyncStep2 && !state.isHere) change({ isHere: true });
        if (kind === messageYjsSyncStep2) failures = 0;
        return;
      }
      case DRAFT_FRAMES.awareness:
        return applyAwarenessUpdate(awareness, readVarUint8Array(decoder), "live");
      case DRAFT_FRAMES.saved: {
        const saved = Y.decodeStateVector(readVarUint8Array(decoder));
        const own = Y.decodeStateVector(Y.encodeStateVector(doc));
        const isAll = [...own].every(([client, clock]) => (saved.get(client) ?? 0) >= clock);
        return change({ status: isAll ? "saved" : "saving" });
      }
      case DRAFT_FRAMES.access:
        return change({ canEdit: readVarUint(decoder) === 1 });
    }
  }

  function send(kind: number, write: (encoder: Encoder) => void): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const encoder = createEncoder();
    writeVarUint(encoder, kind);
    write(encoder);
    socket.send(toUint8Array(encoder));
  }

  const tellEdit = (update: Uint8Array, origin: unknown) => {
    if (origin === "live") return;
    if (state.status === "saved") change({ status: "saving" });
    send(DRAFT_FRAMES.sync, (encoder) => writeUpdate(encoder, update));
  };
  const tellPresence = (_changes: unknown, origin: unknown) => {
    if (origin === "local")
      send(DRAFT_FRAMES.awareness, (encoder) =>
        writeVarUint8Array(encoder, encodeAwarenessUpdate(awareness, [doc.clientID])),
      );
  };
  doc.on("update", tellEdit);
  awareness.on("update", tellPresence);
  const warn = (event: BeforeUnloadEvent) => {
    if (state.isHere && state.canEdit && state.status !== "saved") event.preventDefault();
  };
  window.addEventListener("beforeunload", warn);
  connect();

  return {
    awareness,
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      window.removeEventListener("beforeunload", warn);
      doc.off("update", tellEdit);
      awareness.off("update", tellPresence);
      awareness.destroy();
      socket?.close(1000);
    },
  };
}

/** So long a publication waits for what is on its way to the disk. */
const SAVED_MS_MAX = 10_000;

/** Resolves when everything that was done here is on the platform's disk. */
export function whenSaved(live: LiveDraft): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(
        new Error(
          "Expected the platform to have the draft, but it has not told so yet. Try again when there is a connection.",
        ),
      );
    }, SAVED_MS_MAX);
    const look = () => {
      if (live.state.status !== "saved") return;
      clearTimeout(timer);
      stop();
      resolve();
    };
    const stop = live.subscribe(look);
    look();
  });
}
