/** A text to be read: with colours, folding and search. Loaded when it is first shown (`CodeView`). */

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { type CodeLanguage, readerSetup } from "./setup.ts";

export interface ReaderProps {
  readonly text: string;
  readonly language: CodeLanguage;
  readonly label: string;
}

export default function Reader({ text, language, label }: ReaderProps) {
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (holder.current === null) return;
    const view = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: text,
        extensions: [readerSetup(language), EditorView.contentAttributes.of({ "aria-label": label })],
      }),
    });
    return () => view.destroy();
  }, [text, language, label]);
  return <div ref={holder} className="mf-code" />;
}
