/** The text itself, in an editor that shares the document with the canvas: each sees what the other does, letter by letter. */

import { forceLinting, linter, lintGutter } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { writerSetup } from "../code/setup.ts";
import type { DesignerDocument } from "./document/designer-document.ts";

export interface YamlPaneProps {
  readonly document: DesignerDocument;
  readonly isReadOnly: boolean;
  /** Where to go, anew for each `turn`. */
  readonly jump: { readonly offset: number; readonly turn: number } | null;
}

export default function YamlPane({ document, isReadOnly, jump }: YamlPaneProps) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  useEffect(() => {
    if (holder.current === null) return;
    const editor = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: document.text.toString(),
        extensions: [
          writerSetup("yaml", { hasHistory: false }),
          yCollab(document.text, null, { undoManager: document.undo }),
          keymap.of([...yUndoManagerKeymap]),
          lintGutter(),
          linter((shown) => diagnosticsOf(document, shown), { delay: 200 }),
          EditorState.readOnly.of(isReadOnly),
          EditorView.contentAttributes.of({ "aria-label": "YAML of the workflow" }),
        ],
      }),
    });
    view.current = editor;
    let told = document.state.diagnostics;
    const stop = document.subscribe(() => {
      if (document.state.diagnostics === told) return;
      told = document.state.diagnostics;
      forceLinting(editor);
    });
    return () => {
      stop();
      editor.destroy();
      view.current = null;
    };
  }, [document, isReadOnly]);
  useEffect(() => {
    const editor = view.current;
    if (editor === null || jump === null) return;
    const at = Math.min(jump.offset, editor.state.doc.length);
    editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  }, [jump]);
  return <div ref={holder} className="mf-yaml" />;
}

function diagnosticsOf(document: DesignerDocument, { state }: EditorView) {
  const offset = ({ line, column }: { readonly line: number; readonly column: number }) => {
    const at = state.doc.line(Math.min(line, state.doc.lines));
    return Math.min(at.from + column - 1, at.to);
  };
  return document.state.diagnostics.map((diagnostic) => {
    const from = offset(diagnostic);
    return {
      from,
      to: Math.max(from, Math.min(offset(diagnostic.end), state.doc.lineAt(from).to)),
      severity: diagnostic.severity,
      message: diagnostic.hint === null ? diagnostic.message : `${diagnostic.message} ${diagnostic.hint}`,
      source: diagnostic.code,
    };
  });
}
