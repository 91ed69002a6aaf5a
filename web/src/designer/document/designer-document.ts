/**
 * The document that somebody designs: one text, and beside it where its steps stand and what was noted.
 *
 *     edit ──► splices ──► Y.Text, in one transaction ──► picture, diagnostics, what the pages show
 *                              ▲
 *            what others write, what is typed in the editor
 *
 * The text is the truth; everything shown is derived from it, once for each change. While it cannot be drawn, the last
 * picture stays, and says so. Undo takes back what this person did, and nothing of what others did meanwhile.
 */

import * as Y from "yjs";
import type { Diagnostic } from "../../../../src/core/language/diagnostics.ts";
import type { Edited } from "../../../../src/core/language/edit/apply.ts";
import { loadWorkflow } from "../../../../src/core/language/load.ts";
import { type Picture, pictureOf } from "../../../../src/core/language/picture.ts";
import type { Point, Positions } from "../../graph/layout.ts";

export interface Note {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface DesignerState {
  readonly text: string;
  /** Of the last text that could be drawn. */
  readonly picture: Picture | null;
  /** Whether the text as it is now cannot be drawn. */
  readonly isBroken: boolean;
  readonly diagnostics: readonly Diagnostic[];
  readonly positions: Positions;
  readonly notes: readonly Note[];
  readonly selection: readonly string[];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** The origin of what this person does on the canvas and in forms; the editor has one of its own. */
const ORIGIN = { is: "canvas" } as const;
/** Edits within this time of one another are one step of undo. */
const CAPTURE_MS = 400;
/** Checking a large text takes longer than a key press; drawing it does not wait for that. */
const CHECK_MS = 150;

export class DesignerDocument {
  readonly doc = new Y.Doc();
  readonly text: Y.Text = this.doc.getText("text");
  readonly layout: Y.Map<Point> = this.doc.getMap<Point>("layout");
  readonly notes: Y.Map<Note> = this.doc.getMap<Note>("notes");
  readonly undo: Y.UndoManager = new Y.UndoManager([this.text, this.layout, this.notes], {
    trackedOrigins: new Set<unknown>([ORIGIN]),
    captureTimeout: CAPTURE_MS,
  });
  #state: DesignerState;
  #checking: ReturnType<typeof setTimeout> | null = null;
  readonly #listeners = new Set<() => void>();

  constructor() {
    this.#state = {
      text: "",
      picture: null,
      isBroken: false,
      diagnostics: [],
      positions: {},
      notes: [],
      selection: [],
      canUndo: false,
      canRedo: false,
    };
    this.text.observe(() => this.#readText());
    this.layout.observe(() => this.#change({ positions: Object.fromEntries(this.layout.entries()) }));
    this.notes.observe(() => this.#change({ notes: [...this.notes.values()] }));
    const readUndo = () => this.#change({ canUndo: this.undo.canUndo(), canRedo: this.undo.canRedo() });
    this.undo.on("stack-item-added", readUndo);
    this.undo.on("stack-item-popped", readUndo);
    this.undo.on("stack-cleared", readUndo);
  }

  get state(): DesignerState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Gives a new document its text; nothing that could be undone. */
  begin(text: string): void {
    this.doc.transact(() => {
      this.text.delete(0, this.text.length);
      this.text.insert(0, text);
    }, "begin");
    this.undo.clear();
  }

  /** False: the text cannot be edited in this way. */
  apply(edit: (text: string) => Edited | null): boolean {
    const edited = edit(this.text.toString());
    if (edited === null) return false;
    this.#transact(() => {
      for (const { start, end, text } of edited.splices) {
        if (end > start) this.text.delete(start, end - start);
        if (text !== "") this.text.insert(start, text);
      }
    });
    return true;
  }

  place(positions: Readonly<Record<string, Point>>): void {
    this.#transact(() => {
      for (const [id, at] of Object.entries(positions)) this.layout.set(id, at);
    });
  }

  /** Every step goes where the layout puts it. */
  layOut(): void {
    this.#transact(() => this.layout.clear());
  }

  setNote(note: Note): void {
    this.#transact(() => this.notes.set(note.id, note));
  }

  removeNote(id: string): void {
    this.#transact(() => this.notes.delete(id));
  }

  select(ids: readonly string[]): void {
    const { selection } = this.#state;
    if (ids.length === selection.length && ids.every((id, i) => id === selection[i])) return;
    this.#change({ selection: ids });
  }

  close(): void {
    if (this.#checking !== null) clearTimeout(this.#checking);
    this.#checking = null;
    this.doc.destroy();
  }

  #transact(act: () => void): void {
    this.doc.transact(act, ORIGIN);
  }

  #readText(): void {
    const text = this.text.toString();
    const picture = pictureOf(text);
    const known = new Set((picture ?? this.#state.picture)?.nodes.map(({ id }) => id));
    const selection = this.#state.selection.filter((id) => known.has(id));
    this.#change({
      text,
      isBroken: picture === null,
      ...(picture === null ? {} : { picture }),
      ...(selection.length === this.#state.selection.length ? {} : { selection }),
    });
    if (this.#checking !== null) clearTimeout(this.#checking);
    this.#checking = setTimeout(() => this.check(), CHECK_MS);
  }

  /** What the language says of the text. */
  check(): void {
    if (this.#checking !== null) clearTimeout(this.#checking);
    this.#checking = null;
    this.#change({ diagnostics: loadWorkflow(this.#state.text).diagnostics });
  }

  #change(more: Partial<DesignerState>): void {
    this.#state = { ...this.#state, ...more };
    for (const listener of this.#listeners) listener();
  }
}
