/**
 * Which comment belongs to what.
 *
 *     # before: stands above the field or item that follows, in its column or left of it
 *     timeout: 5s   # trailing: on the line of what it speaks of
 *       # after: deeper than what follows, so it belongs to what it stands below
 *
 * Comments and blank lines are tied to the places of fields and items in the text. Fields move and change their names on the
 * way to the canonical form but remember where they were written, so their comments find them. Where a field is gone
 * (`config`, `on_error`), its comments go to the first thing that came out of it.
 */

import * as yaml from "yaml";
import type { MapNode, Node } from "../parse/node.ts";
import type { Source } from "../parse/source.ts";
import { positionOf } from "../parse/source.ts";

/** A comment as it is written, and whether a blank line stands above it. */
export interface CommentLine {
  readonly text: string;
  readonly blank: boolean;
}

export interface Note {
  readonly before: CommentLine[];
  readonly trailing: CommentLine[];
  readonly after: CommentLine[];
  /** A blank line stands directly above the field or item. */
  blank: boolean;
}

/** Fields and items by where their name or content begins. A field may begin where its item does. */
export type AnchorId = `field ${number}` | `item ${number}`;

export interface Notes {
  /** What stands above everything else, and whether a blank line keeps it apart. */
  readonly header: CommentLine[];
  headerBlank: boolean;
  /** What stands below everything else. */
  readonly footer: CommentLine[];
  readonly byAnchor: Map<AnchorId, Note>;
}

/** A piece of text that is no content, with the places where documents begin and end. */
export interface Remarks {
  readonly comments: readonly { readonly offset: number; readonly text: string }[];
  readonly borders: readonly number[];
}

export function readRemarks(text: string): Remarks {
  const comments: { offset: number; text: string }[] = [];
  const borders: number[] = [];
  let offset = 0;
  let isScalar = false;
  for (const lexeme of new yaml.Lexer().lex(text)) {
    // The lexer announces what follows by characters that do not stand in the text.
    const isSign = lexeme === "\u0002" || lexeme === "\u0018" || lexeme === "\u001f";
    if (!isSign && !isScalar && lexeme.startsWith("#")) comments.push({ offset, text: lexeme.trimEnd() });
    if (!isSign && !isScalar && (lexeme === "---" || lexeme === "...")) borders.push(offset);
    isScalar = lexeme === "\u001f";
    if (!isSign) offset += lexeme.length;
  }
  return { comments, borders };
}

/** The comments of `tree` (as written, not yet normalised), from those of its text. */
export function attachComments(
  tree: MapNode,
  comments: Remarks["comments"],
): { notes: Notes; anchors: readonly Anchor[] } {
  const { source } = tree.place;
  const { anchors, keptBlanks } = anchorsOf(tree, comments);
  const isBlank = blankLines(source, keptBlanks);
  const notes: Notes = { header: [], headerBlank: false, footer: [], byAnchor: new Map() };
  for (const anchor of anchors) {
    if (!anchor.opensLine || !isBlank(anchor.line - 1)) continue;
    // Whatever comes first keeps its distance from the header, also if something else was first in the text.
    if (anchor === anchors[0]) notes.headerBlank = true;
    else noteOf(notes, anchor.id).blank = true;
  }
  for (const comment of comments) {
    const { line, column } = positionOf(source, comment.offset);
    const lead = source.text.slice(comment.offset - column + 1, comment.offset);
    const remark = { text: comment.text, blank: isBlank(line - 1) };
    placeFor(anchors, notes, { offset: comment.offset, column: column - 1, lead }).push(remark);
  }
  return { notes, anchors };
}

/** Comments of what is not in the canonical tree any more move to what is. */
export function settleComments(notes: Notes, anchors: readonly Anchor[], canonical: MapNode): void {
  const survivors = survivorsOf(canonical);
  const alive = new Set(survivors.map(({ id }) => id));
  const moved = new Map<AnchorId, CommentLine[]>();
  for (const anchor of anchors) {
    const note = notes.byAnchor.get(anchor.id);
    if (note === undefined || alive.has(anchor.id)) continue;
    notes.byAnchor.delete(anchor.id);
    const { next, previous } = heirsOf(anchor, survivors);
    const below = unspaced(note.after);
    const staysOnLine =
      next !== null && !notes.byAnchor.get(next)?.trailing.length && isOnLine(canonical, anchor, next);
    if (staysOnLine) noteOf(notes, next).trailing.push(...note.trailing);
    const above = unspaced(staysOnLine ? note.before : [...note.before, ...note.trailing]);
    if (next !== null && above.length > 0) moved.set(next, [...(moved.get(next) ?? []), ...above]);
    else if (previous !== null) noteOf(notes, previous).after.push(...above);
    else notes.header.push(...above);
    if (previous !== null) noteOf(notes, previous).after.push(...below);
    else if (next !== null && below.length > 0) moved.set(next, [...(moved.get(next) ?? []), ...below]);
    else notes.header.push(...below);
  }
  for (const [id, lines] of moved) noteOf(notes, id).before.unshift(...lines);
}

/** `on_error: { message: "Out" } # said to people` has its comment on the line of what came out of it. */
function isOnLine(tree: MapNode, { line }: Anchor, heir: AnchorId): boolean {
  return positionOf(tree.place.source, Number(heir.split(" ")[1])).line === line;
}

function unspaced(lines: readonly CommentLine[]): readonly CommentLine[] {
  return lines.map(({ text }) => ({ text, blank: false }));
}

/**
 * Who takes over from a field that is gone: what came out of it, else what came out of the field around it that is gone
 * as well, and so on outwards. `next` stands where it stood or below, `previous` ends where it ended or above.
 */
function heirsOf(gone: Anchor, survivors: readonly Survivor[]): { next: AnchorId | null; previous: AnchorId | null } {
  for (let around: Anchor | null = gone; around !== null; around = around.parent) {
    const { offset, end } = around;
    const inside = survivors
      .slice(indexFrom(survivors, offset), indexFrom(survivors, end))
      .filter((each) => each.id !== around?.id);
    if (inside.length === 0) continue;
    const next = inside.find((each) => each.offset >= gone.offset);
    const before = inside.filter((each) => each.offset < gone.end);
    const depth = Math.min(...before.map((each) => each.depth));
    const previous = before.findLast((each) => each.depth === depth);
    return { next: next?.id ?? null, previous: previous?.id ?? null };
  }
  return { next: null, previous: null };
}

// --- anchors -------------------------------------------------------------------------------------------------------

export interface Anchor {
  readonly id: AnchorId;
  readonly offset: number;
  /** Where its value ends. */
  readonly end: number;
  readonly line: number;
  /** From 0. That of an item is the column of its dash. */
  readonly column: number;
  /** Nothing but indentation and dashes stands before it in its line. */
  readonly opensLine: boolean;
  readonly parent: Anchor | null;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** In the order of the text, an item before the field that begins with it; and the scalars to which blank lines belong. */
function anchorsOf(
  tree: MapNode,
  comments: Remarks["comments"],
): { anchors: readonly Anchor[]; keptBlanks: readonly Range[] } {
  const { source } = tree.place;
  const found = new Map<AnchorId, Anchor>();
  const keptBlanks: Range[] = [];
  const add = (kind: "field" | "item", offset: number, end: number, parent: Anchor | null): Anchor => {
    const id: AnchorId = `${kind} ${offset}`;
    const known = found.get(id);
    if (known !== undefined) return known;
    const { line, column } = positionOf(source, offset);
    const lead = source.text.slice(offset - column + 1, offset);
    const opensLine = OPENING.test(lead) && !(kind === "field" && parent?.offset === offset);
    const indentation = lead.length - lead.trimStart().length;
    const anchor = { id, offset, end, line, column: kind === "item" ? indentation : column - 1, opensLine, parent };
    found.set(id, anchor);
    return anchor;
  };
  const walk = (node: Node, parent: Anchor | null): void => {
    // What stands in braces on one line is one thing; with comments inside it is many.
    if (node.kind !== "scalar" && isFlow(node) && !holdsComment(node, comments)) return;
    switch (node.kind) {
      case "scalar":
        if (/^[|>]\d?\+/.test(source.text.slice(node.place.start, node.place.start + 3))) keptBlanks.push(node.place);
        return;
      case "list":
        for (const item of node.items) walk(item, add("item", item.place.start, item.place.end, parent));
        return;
      case "map":
        for (const { key, value } of node.entries.values())
          walk(value, add("field", key.start, value.place.end, parent));
        return;
    }
  };
  walk(tree, null);
  const rank = ({ id }: Anchor) => (id.startsWith("item") ? 0 : 1);
  return { anchors: [...found.values()].sort((a, b) => a.offset - b.offset || rank(a) - rank(b)), keptBlanks };
}

/** Dashes, anchors and tags before the content of a line. */
const OPENING = /^\s*(?:-\s+)*(?:[&!]\S+\s+)*$/;

export function isFlow(node: Node): boolean {
  const first = node.place.source.text[node.place.start];
  return (node.kind === "map" && first === "{") || (node.kind === "list" && first === "[");
}

function holdsComment(node: Node, comments: Remarks["comments"]): boolean {
  const next = comments[indexFrom(comments, node.place.start)];
  return next !== undefined && next.offset < node.place.end;
}

/** By line number from 1. Lines that are part of a text are not blank, however they look. */
function blankLines(source: Source, kept: readonly Range[]): (line: number) => boolean {
  return (line) => {
    const start = source.lineStarts[line - 1];
    if (start === undefined) return false;
    const end = source.lineStarts[line] ?? source.text.length;
    if (source.text.slice(start, end).trim() !== "") return false;
    return !kept.some((range) => start >= range.start && start < range.end);
  };
}

// --- places --------------------------------------------------------------------------------------------------------

function placeFor(
  anchors: readonly Anchor[],
  notes: Notes,
  comment: { readonly offset: number; readonly column: number; readonly lead: string },
): CommentLine[] {
  // No comment begins where an anchor does.
  const index = indexFrom(anchors, comment.offset);
  const next = anchors[index];
  const previous = anchors[index - 1];
  if (previous === undefined) return notes.header;
  const isAlone = comment.lead.trim() === "";
  if (!isAlone && !OPENING.test(comment.lead)) return noteOf(notes, previous.id).trailing;
  if (next !== undefined && (!isAlone || comment.column <= next.column)) return noteOf(notes, next.id).before;
  if (next === undefined && comment.column === 0) return notes.footer;
  let owner = previous;
  while (owner.parent !== null && owner.column > comment.column) owner = owner.parent;
  return noteOf(notes, owner.id).after;
}

function noteOf(notes: Notes, id: AnchorId): Note {
  const known = notes.byAnchor.get(id);
  if (known !== undefined) return known;
  const note: Note = { before: [], trailing: [], after: [], blank: false };
  notes.byAnchor.set(id, note);
  return note;
}

/** Where in a list that is sorted by offset those begin that stand at `offset` or after it. */
function indexFrom(list: readonly { readonly offset: number }[], offset: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Survivor {
  readonly id: AnchorId;
  readonly offset: number;
  readonly depth: number;
}

function survivorsOf(tree: MapNode): readonly Survivor[] {
  const found: Survivor[] = [];
  const walk = (node: Node, depth: number): void => {
    if (node.kind === "map") {
      for (const { key, value } of node.entries.values()) {
        found.push({ id: `field ${key.start}`, offset: key.start, depth });
        walk(value, depth + 1);
      }
    }
    if (node.kind === "list") {
      for (const item of node.items) {
        found.push({ id: `item ${item.place.start}`, offset: item.place.start, depth });
        walk(item, depth + 1);
      }
    }
  };
  walk(tree, 0);
  return found.sort((a, b) => a.offset - b.offset || a.depth - b.depth);
}
