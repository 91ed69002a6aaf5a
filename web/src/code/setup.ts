/** What every editor has: colours from the variables of the pages, keys, search, folding. The languages are named here alone. */

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

export type CodeLanguage = "yaml" | "json" | "text";

const LANGUAGES: Readonly<Record<CodeLanguage, () => Extension>> = { yaml, json, text: () => [] };

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--mf-accent)" },
  { tag: tags.string, color: "var(--mf-good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--mf-active)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--mf-quiet)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: "var(--mf-undone)" },
  { tag: tags.invalid, color: "var(--mf-bad)" },
]);

const LOOK = EditorView.theme({
  "&": { backgroundColor: "var(--mf-panel)", color: "var(--mf-ink)", fontSize: "0.8125rem", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--mf-accent)", outlineOffset: "-2px" },
  ".cm-content": { fontFamily: "var(--mantine-font-family-monospace)", caretColor: "var(--mf-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--mf-ink)" },
  ".cm-gutters": {
    backgroundColor: "var(--mf-sunken)",
    color: "var(--mf-quiet)",
    borderRight: "1px solid var(--mf-line)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--mf-accent) 6%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--mf-ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--mf-accent) 26%, transparent)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--mf-waiting-soft)" },
  ".cm-searchMatch-selected": { backgroundColor: "color-mix(in srgb, var(--mf-waiting) 40%, transparent)" },
  ".cm-panels": { backgroundColor: "var(--mf-sunken)", color: "var(--mf-ink)", borderColor: "var(--mf-line)" },
  ".cm-tooltip": {
    backgroundColor: "var(--mf-panel)",
    color: "var(--mf-ink)",
    border: "1px solid var(--mf-line-strong)",
    borderRadius: "0.375rem",
    boxShadow: "var(--mf-shadow)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--mf-accent-soft)", color: "var(--mf-ink)" },
  ".cm-completionDetail": { color: "var(--mf-quiet)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--mf-sunken)",
    borderColor: "var(--mf-line)",
    color: "var(--mf-quiet)",
  },
});

/** For reading: what one can search and fold, and not change. */
export function readerSetup(language: CodeLanguage): Extension {
  return [
    common(language),
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ tabindex: "0" }),
  ];
}

/** For writing. The history of changes is left to whoever owns the text where `hasHistory` is false. */
export function writerSetup(language: CodeLanguage, { hasHistory }: { readonly hasHistory: boolean }): Extension {
  return [
    common(language),
    hasHistory ? [history(), keymap.of(historyKeymap)] : [],
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentUnit.of("  "),
    keymap.of([...closeBracketsKeymap, indentWithTab]),
  ];
}

function common(language: CodeLanguage): Extension {
  return [
    LANGUAGES[language](),
    LOOK,
    syntaxHighlighting(COLOURS),
    lineNumbers(),
    foldGutter(),
    drawSelection(),
    bracketMatching(),
    highlightSelectionMatches(),
    search({ top: true }),
    EditorView.lineWrapping,
    EditorView.cspNonce.of(styleNonce()),
    keymap.of([...defaultKeymap, ...searchKeymap, ...foldKeymap]),
  ];
}

function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
}
