/** Sticky notes on the canvas: kept beside the text, which they do not change. */

import { IconX } from "@tabler/icons-react";
import { ViewportPortal } from "@xyflow/react";
import { useRef, useState } from "react";
import type { DesignerDocument, Note } from "./document/designer-document.ts";
import { useDesigner } from "./document/use-designer.ts";

export function Notes({ document, isReadOnly }: { readonly document: DesignerDocument; readonly isReadOnly: boolean }) {
  const notes = useDesigner(document, (state) => state.notes);
  return (
    <ViewportPortal>
      {notes.map((note) => (
        <StickyNote key={note.id} note={note} document={document} isReadOnly={isReadOnly} />
      ))}
    </ViewportPortal>
  );
}

interface StickyNoteProps {
  readonly note: Note;
  readonly document: DesignerDocument;
  readonly isReadOnly: boolean;
}

function StickyNote({ note, document, isReadOnly }: StickyNoteProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [moved, setMoved] = useState({ x: 0, y: 0 });
  const start = useRef<{ readonly x: number; readonly y: number; readonly zoom: number } | null>(null);
  return (
    <div
      className="mf-note nodrag nopan"
      style={{ transform: `translate(${note.x + moved.x}px, ${note.y + moved.y}px)` }}
    >
      <div
        className="mf-note-head"
        onPointerDown={(event) => {
          if (isReadOnly || (event.target instanceof Element && event.target.closest("button") !== null)) return;
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
          const { width } = event.currentTarget.getBoundingClientRect();
          start.current = { x: event.clientX, y: event.clientY, zoom: width / event.currentTarget.offsetWidth };
        }}
        onPointerMove={(event) => {
          const from = start.current;
          if (from !== null)
            setMoved({ x: (event.clientX - from.x) / from.zoom, y: (event.clientY - from.y) / from.zoom });
        }}
        onPointerUp={() => {
          if (start.current === null) return;
          start.current = null;
          document.setNote({ ...note, x: Math.round(note.x + moved.x), y: Math.round(note.y + moved.y) });
          setMoved({ x: 0, y: 0 });
        }}
      >
        {isReadOnly ? null : (
          <button type="button" aria-label="Remove note" onClick={() => document.removeNote(note.id)}>
            <IconX size={14} aria-hidden />
          </button>
        )}
      </div>
      <textarea
        aria-label="Note"
        value={typed ?? note.text}
        readOnly={isReadOnly}
        maxLength={2000}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={() => {
          if (typed !== null && typed !== note.text) document.setNote({ ...note, text: typed });
          setTyped(null);
        }}
      />
    </div>
  );
}
