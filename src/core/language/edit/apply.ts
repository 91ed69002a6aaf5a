/**
 * One edit of a text, as the smallest splice that makes it.
 *
 *     text, edit ──► splice ──► new text ──read again──► is it what was asked for, and nothing else?
 *
 * Comments, order, quoting and every line that the edit is not about stay as they were. The way back through the reader is
 * what makes it safe: YAML has corners (anchors, odd indentation, comments in odd places) in which a splice that looks right
 * means something else. There the edit is refused, and the person writes it by hand.
 */

import { type Document, isMap, isScalar, isSeq, type Pair, parseAllDocuments, type YAMLMap, type YAMLSeq } from "yaml";
import { isObject, type Json } from "../../base/json.ts";
import type { Path } from "./path.ts";
import { contentEnd, endOfLine, indentOf, isFirstOnLine, itemStart, startOfLine, startWithComments } from "./places.ts";
import { blockText, flowText, indented, pairText, scalarText } from "./write.ts";

export type Edit =
  /** Sets a field; those above it that are missing come into being. */
  | { readonly kind: "set"; readonly path: Path; readonly value: Json }
  | { readonly kind: "remove"; readonly path: Path }
  /** Puts an item, written as YAML, into a list. A missing list comes into being. */
  | { readonly kind: "insert"; readonly path: Path; readonly index: number; readonly text: string };

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Edited {
  readonly text: string;
  /** One after the other; each counts in the text that those before it have left. */
  readonly splices: readonly Splice[];
}

/** Null: the text cannot be edited in this way, and stays as it is. */
export function applyEdit(source: string, edit: Edit): Edited | null {
  const document = workflowIn(source);
  if (document === null) return null;
  const expected = expectedAfter(document.toJS() as Json, edit);
  if (expected === undefined) return null;
  const splice = spliceFor(source, document, edit);
  if (splice === null) return null;
  const text = applySplice(source, splice);
  const after = workflowIn(text);
  if (after === null || !equal(after.toJS() as Json, expected)) return null;
  return { text, splices: [splice] };
}

/** Several edits, all or none: each sees what those before it have made. */
export function applyEdits(source: string, edits: readonly ((text: string) => Edited | null)[]): Edited | null {
  let text = source;
  const splices: Splice[] = [];
  for (const edit of edits) {
    const edited = edit(text);
    if (edited === null) return null;
    text = edited.text;
    splices.push(...edited.splices);
  }
  return { text, splices };
}

export function applySplice(text: string, { start, end, text: inserted }: Splice): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

/** As deep as the language reads; more is refused there. */
const ALIASES_MAX = 100;

export function workflowIn(source: string): Document.Parsed | null {
  const documents = parseAllDocuments(source, { keepSourceTokens: true, uniqueKeys: true });
  if (!Array.isArray(documents)) return null;
  const found = documents.find((document) => isMap(document.contents) && document.get("kind") === "Workflow");
  if (found === undefined || documents.some(({ errors }) => errors.length > 0)) return null;
  try {
    found.toJS({ maxAliasCount: ALIASES_MAX });
  } catch {
    // An alias bomb, or one that stands for itself: the language tells it, and nothing is edited.
    return null;
  }
  return found;
}

// --- what is asked for ---------------------------------------------------------------------------------------------

function expectedAfter(value: Json, edit: Edit): Json | undefined {
  switch (edit.kind) {
    case "set":
      return changed(value, edit.path, () => edit.value);
    case "remove":
      return changed(value, edit.path, () => undefined);
    case "insert": {
      const [item, isOne] = readItem(edit.text);
      if (!isOne) return undefined;
      return changed(value, edit.path, (list) => {
        if (list === undefined || list === null) return [item];
        return Array.isArray(list) ? list.toSpliced(edit.index, 0, item) : undefined;
      });
    }
  }
}

function readItem(text: string): readonly [Json, boolean] {
  const documents = parseAllDocuments(text);
  const [document] = documents;
  const isOne = documents.length === 1 && document !== undefined && document.errors.length === 0;
  return [isOne ? (document.toJS({ maxAliasCount: ALIASES_MAX }) as Json) : null, isOne];
}

/** A copy with another value at `path`; undefined where there is no such place, or nothing to remove. */
function changed(
  value: Json | undefined,
  path: Path,
  change: (old: Json | undefined) => Json | undefined,
): Json | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return change(value);
  if (typeof part === "number") {
    if (!Array.isArray(value) || part >= value.length) return undefined;
    const next = changed(value[part], rest, change);
    if (next === undefined) return rest.length === 0 ? value.toSpliced(part, 1) : undefined;
    return value.with(part, next);
  }
  const object = value === undefined || value === null ? {} : value;
  if (!isObject(object)) return undefined;
  const next = changed(object[part], rest, change);
  if (next !== undefined) return { ...object, [part]: next };
  if (rest.length > 0 || !Object.hasOwn(object, part)) return undefined;
  const { [part]: _removed, ...others } = object;
  return others;
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
    );
  }
  return false;
}

// --- the splice ----------------------------------------------------------------------------------------------------

function spliceFor(source: string, document: Document.Parsed, edit: Edit): Splice | null {
  switch (edit.kind) {
    case "set":
      return setAt(source, document, edit.path, edit.value);
    case "remove":
      return removeAt(source, document, edit.path);
    case "insert": {
      const list = document.getIn(edit.path, true);
      if (isSeq(list) && list.items.length > 0) return insertInto(source, list, edit.index, edit.text);
      return setAt(source, document, edit.path, [readItem(edit.text)[0]], edit.text);
    }
  }
}

/** `itemText` is how the one item of a new list is written. */
function setAt(source: string, document: Document.Parsed, path: Path, value: Json, itemText?: string): Splice | null {
  const parent = document.getIn(path.slice(0, -1), true);
  const name = path.at(-1);
  if (typeof name === "number") return setItem(parent, name, value);
  if (name === undefined) return null;
  if (!isMap(parent)) {
    // What is missing above is made together with what is in it.
    if (parent !== undefined && !(isScalar(parent) && parent.value === null)) return null;
    return path.length < 2 ? null : setAt(source, document, path.slice(0, -1), { [name]: value });
  }
  const pair = parent.items.find((each) => isScalar(each.key) && each.key.value === name);
  return pair === undefined
    ? addPair(source, parent, name, value, itemText)
    : replacePair(source, parent, pair, value, itemText);
}

function setItem(list: unknown, index: number, value: Json): Splice | null {
  const item = isSeq(list) ? list.items[index] : undefined;
  if (!isScalar(item) || typeof value === "object" || item.range === undefined || item.range === null) return null;
  return { start: item.range[0], end: item.range[1], text: scalarText(value) };
}

function addPair(source: string, map: YAMLMap, name: string, value: Json, itemText?: string): Splice | null {
  const last = map.items.at(-1);
  if (map.flow === true || last === undefined) {
    if (map.range === undefined || map.range === null) return null;
    const text = `${flowText(name)}: ${flowText(value)}`;
    if (last === undefined) return { start: map.range[0], end: map.range[1], text: `{ ${text} }` };
    const at = contentEnd(last.value) ?? contentEnd(last.key);
    return at === null ? null : { start: at, end: at, text: `, ${text}` };
  }
  const first = map.items[0];
  const end = contentEnd(last.value) ?? contentEnd(last.key);
  const key = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (end === null || key === undefined) return null;
  const column = key - startOfLine(source, key);
  const text = pairText(name, value, column, itemText);
  const at = endOfLine(source, end);
  return { start: at, end: at, text: source[at - 1] === "\n" || at === 0 ? text : `\n${text.replace(/\n$/, "")}` };
}

function replacePair(source: string, map: YAMLMap, pair: Pair, value: Json, itemText?: string): Splice | null {
  const old = pair.value;
  const keyRange = isScalar(pair.key) ? pair.key.range : null;
  if (keyRange === null || keyRange === undefined) return null;
  const isFlow = map.flow === true;
  if (isScalar(old) && old.range && (typeof value !== "object" || value === null || isFlow) && old.value !== null) {
    return {
      start: old.range[0],
      end: trimmedEnd(source, old.range[1]),
      text: isFlow ? flowText(value) : scalarText(value),
    };
  }
  const colon = source.indexOf(":", keyRange[1]);
  const end = trimmedEnd(source, Math.max(colon + 1, contentEnd(old) ?? colon + 1));
  if (isFlow) return { start: colon + 1, end, text: ` ${flowText(value)}` };
  const column = keyRange[0] - startOfLine(source, keyRange[0]);
  return { start: colon + 1, end, text: blockText(value, column, itemText) };
}

/** A block scalar ends with its line; what comes in its place does not. */
function trimmedEnd(source: string, end: number): number {
  let at = end;
  while (at > 0 && (source[at - 1] === "\n" || source[at - 1] === " " || source[at - 1] === "\r")) at -= 1;
  return at;
}

function insertInto(source: string, list: YAMLSeq, index: number, text: string): Splice | null {
  const at = Math.min(Math.max(0, index), list.items.length);
  if (list.flow === true) return insertIntoFlow(list, at, flowText(readItem(text)[0]));
  const first = itemStart(list, 0);
  if (first === null) return null;
  const indent = " ".repeat(indentOf(source, first));
  const body = `${indent}- ${indented(text.replace(/\s+$/, ""), `${indent}  `).trimStart()}\n`;
  const second = itemStart(list, 1);
  const isSpaced = second !== null && /\n[ \t]*\r?\n[ \t]*$/.test(source.slice(0, startWithComments(source, second)));
  if (at < list.items.length) {
    const dash = itemStart(list, at);
    if (dash === null || !isFirstOnLine(source, dash)) return null;
    const start = startWithComments(source, dash);
    return { start, end: start, text: isSpaced ? `${body}\n` : body };
  }
  const end = contentEnd(list.items.at(-1));
  if (end === null) return null;
  const start = endOfLine(source, end);
  const isOpen = start > 0 && source[start - 1] !== "\n";
  return { start, end: start, text: `${isOpen ? "\n" : ""}${isSpaced ? "\n" : ""}${isOpen ? body.trimEnd() : body}` };
}

function insertIntoFlow(list: YAMLSeq, at: number, text: string): Splice | null {
  const next = rangeStart(list.items[at]);
  if (next !== null) return { start: next, end: next, text: `${text}, ` };
  const end = contentEnd(list.items.at(-1));
  return end === null ? null : { start: end, end, text: `, ${text}` };
}

function rangeStart(node: unknown): number | null {
  if (isScalar(node) || isMap(node) || isSeq(node)) return node.range?.[0] ?? null;
  return null;
}

function removeAt(source: string, document: Document.Parsed, path: Path): Splice | null {
  const parent = document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isSeq(parent) && typeof last === "number") return removeItem(source, parent, last);
  if (!isMap(parent)) return null;
  const index = parent.items.findIndex(({ key }) => isScalar(key) && key.value === last);
  return index < 0 ? null : removePair(source, parent, index);
}

function removeItem(source: string, list: YAMLSeq, index: number): Splice | null {
  const item = list.items[index];
  const end = contentEnd(item);
  if (end === null) return null;
  if (list.flow === true) {
    const start = rangeStart(item);
    return start === null
      ? null
      : withComma(start, end, rangeStart(list.items[index + 1]), contentEnd(list.items[index - 1]));
  }
  const dash = itemStart(list, index);
  if (dash === null) return null;
  if (list.items.length === 1) {
    const colon = source.lastIndexOf(":", dash);
    return { start: colon + 1, end: trimmedEnd(source, end), text: " []" };
  }
  if (!isFirstOnLine(source, dash)) return null;
  const start = startWithComments(source, dash);
  let until = endOfLine(source, end);
  // Of the empty lines around it one side is enough.
  const isAfterEmpty = start === 0 || /\n[ \t]*\r?\n$/.test(source.slice(0, start));
  const empty = /^(?:[ \t]*\r?\n)+/.exec(source.slice(until));
  if (empty !== null && (isAfterEmpty || index === 0)) until += empty[0].length;
  return { start, end: until, text: "" };
}

function removePair(source: string, map: YAMLMap, index: number): Splice | null {
  const pair = map.items[index];
  const start = rangeStart(pair?.key);
  const end = contentEnd(pair?.value) ?? contentEnd(pair?.key);
  if (start === null || end === null) return null;
  const next = rangeStart(map.items[index + 1]?.key);
  const before = map.items[index - 1];
  if (map.flow === true) {
    return withComma(start, end, next, contentEnd(before?.value) ?? contentEnd(before?.key));
  }
  if (map.items.length === 1) return { start, end: trimmedEnd(source, end), text: "{}" };
  // After a dash the next field moves up to where this one was.
  if (!isFirstOnLine(source, start)) return next === null ? null : { start, end: next, text: "" };
  return { start: startOfLine(source, start), end: endOfLine(source, end), text: "" };
}

/** In `[a, b]` and `{a: 1, b: 2}` one comma goes too. */
function withComma(start: number, end: number, next: number | null, before: number | null): Splice {
  if (next !== null) return { start, end: next, text: "" };
  if (before !== null) return { start: before, end, text: "" };
  return { start, end, text: "" };
}
