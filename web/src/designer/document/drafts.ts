/**
 * Drafts of this browser: the whole document with its history, under the name by which the page is addressed. Several tabs
 * that have one draft open write to one another, so that none overwrites what another has done.
 */

import * as Y from "yjs";
import type { DesignerDocument } from "./designer-document.ts";

const PREFIX = "magicflow.draft.";
const SAVE_MS = 300;
const CHUNK = 0x8000;
const HELLO = "hello";

export interface DraftSummary {
  readonly name: string;
  readonly savedAt: number;
}

/** What was published when the draft began; null for what never was. */
export interface DraftBase {
  readonly text: string;
  readonly version: string;
}

interface StoredDraft {
  readonly savedAt: number;
  readonly update: string;
  readonly base: DraftBase | null;
}

export interface OpenDraft {
  readonly base: DraftBase | null;
  /** Whether there was one before. */
  readonly isOld: boolean;
}

export function listDrafts(): readonly DraftSummary[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .flatMap((key) => {
        const stored = readStored(key.slice(PREFIX.length));
        return stored === null ? [] : [{ name: key.slice(PREFIX.length), savedAt: stored.savedAt }];
      })
      .sort((a, b) => b.savedAt - a.savedAt);
  } catch {
    // A browser may forbid storage; then there are no drafts.
    return [];
  }
}

export function dropDraft(name: string): void {
  localStorage.removeItem(PREFIX + name);
}

/** Reads the draft, or begins it with `base`, and keeps it from now on. `onSaved` is told how each writing went. */
export function keepDraft(
  name: string,
  document: DesignerDocument,
  base: DraftBase | null,
  text: string,
  onSaved: (state: "saving" | "saved" | "failed") => void,
): OpenDraft & { readonly close: () => void; readonly setBase: (base: DraftBase) => void } {
  const stored = readStored(name);
  let kept = stored?.base ?? base;
  if (stored === null) document.begin(text);
  else Y.applyUpdate(document.doc, fromBase64(stored.update), "draft");
  document.undo.clear();

  let timer: ReturnType<typeof setTimeout> | null = null;
  const save = () => {
    timer = null;
    const draft: StoredDraft = {
      savedAt: Date.now(),
      update: toBase64(Y.encodeStateAsUpdate(document.doc)),
      base: kept,
    };
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(draft));
      onSaved("saved");
    } catch {
      onSaved("failed");
    }
  };
  const channel = new BroadcastChannel(PREFIX + name);
  const tell = (update: Uint8Array, origin: unknown) => {
    if (origin !== channel) channel.postMessage(update);
    onSaved("saving");
    timer ??= setTimeout(save, SAVE_MS);
  };
  document.doc.on("update", tell);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === HELLO) channel.postMessage(Y.encodeStateAsUpdate(document.doc));
    else if (data instanceof Uint8Array) Y.applyUpdate(document.doc, data, channel);
  };
  // What another tab has written since it last saved.
  channel.postMessage(HELLO);
  // At once: a tab that is opened next begins from this one's text, and not with one of its own.
  if (stored === null) save();
  const saveNow = () => {
    if (timer === null) return;
    clearTimeout(timer);
    save();
  };
  window.addEventListener("pagehide", saveNow);
  return {
    base: kept,
    isOld: stored !== null,
    setBase: (next) => {
      kept = next;
      save();
    },
    close: () => {
      saveNow();
      window.removeEventListener("pagehide", saveNow);
      document.doc.off("update", tell);
      channel.close();
    },
  };
}

function readStored(name: string): StoredDraft | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return isStored(value) ? value : null;
  } catch {
    // What stands there is not ours, or storage is forbidden.
    return null;
  }
}

function isStored(value: unknown): value is StoredDraft {
  if (typeof value !== "object" || value === null || !("update" in value) || !("savedAt" in value)) return false;
  return typeof value.update === "string" && typeof value.savedAt === "number" && "base" in value;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
