/** Two texts beside one another (on a phone in one column), with what differs marked. Loaded when it is first shown (`CodeDiff`). */

import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { type CodeLanguage, readerSetup } from "./setup.ts";

export interface DifferProps {
  readonly before: string;
  readonly after: string;
  readonly language: CodeLanguage;
  readonly label: string;
}

/** Lines around a change that stay open; longer stretches that are equal fold. */
const FOLD = { margin: 3, minSize: 6 };

export default function Differ({ before, after, language, label }: DifferProps) {
  const holder = useRef<HTMLDivElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)");
  useEffect(() => {
    if (holder.current === null) return;
    const setup = (what: string) => [
      readerSetup(language),
      EditorView.contentAttributes.of({ "aria-label": `${label}, ${what}` }),
    ];
    if (isNarrow === true) {
      const view = new EditorView({
        parent: holder.current,
        state: EditorState.create({
          doc: after,
          extensions: [
            setup("what has changed"),
            unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: FOLD }),
          ],
        }),
      });
      return () => view.destroy();
    }
    const view = new MergeView({
      parent: holder.current,
      a: { doc: before, extensions: setup("before") },
      b: { doc: after, extensions: setup("after") },
      collapseUnchanged: FOLD,
    });
    return () => view.destroy();
  }, [before, after, language, label, isNarrow]);
  return <div ref={holder} className="mf-code" />;
}
