/** A tree as YAML: two blanks for each level, braces where they were written and fit into a line, comments where they belong. */

import { defined } from "../../base/bug.ts";
import type { Entry, ListNode, MapNode, Node } from "../parse/node.ts";
import type { AnchorId, CommentLine, Note, Notes } from "./comments.ts";
import { isFlow } from "./comments.ts";
import { flowKeyText, flowText, keyText, scalarText } from "./scalars.ts";

const LINE_LENGTH_MAX = 120;

export function writeTree(tree: MapNode, notes: Notes): string {
  const writer = createWriter(notes);
  const { lead, lines } = writer.entries(tree, 0);
  // What found no place is better at the top than lost.
  const header = withoutFirstBlank(commentLines([...notes.header, ...writer.leftOver()]));
  const top = header.length > 0 && notes.headerBlank ? [...header, ""] : header;
  const whole = [...top, ...withoutFirstBlank(lead), ...lines, ...commentLines(notes.footer)];
  return whole.map((line) => `${line}\n`).join("");
}

/** What stands after `key:` or a dash. */
interface Written {
  /** On the same line; empty for what begins on the next. */
  readonly head: string;
  /** Lines above the first line of the body that belong to what it begins with. */
  readonly lead: readonly string[];
  readonly body: readonly string[];
  readonly canTrail: boolean;
}

interface Block {
  /** What stands above the first entry. A list puts it above its dash. */
  readonly lead: readonly string[];
  readonly lines: readonly string[];
}

interface Writer {
  entries(node: MapNode, indent: number): Block;
  leftOver(): readonly CommentLine[];
}

function createWriter(notes: Notes): Writer {
  /** What is written twice, because an anchor was, has its comments the first time. */
  const used = new Set<AnchorId>();

  function take(id: AnchorId): Note | undefined {
    if (used.has(id)) return undefined;
    used.add(id);
    return notes.byAnchor.get(id);
  }

  function entries(node: MapNode, indent: number): Block {
    return blockOf([...node.entries].map(([name, entry]) => writeEntry(name, entry, indent)));
  }

  function items(node: ListNode, indent: number): Block {
    return blockOf(node.items.map((item) => writeItem(item, indent)));
  }

  function writeEntry(name: string, entry: Entry, indent: number): Block {
    const note = take(`field ${entry.key.start}`);
    const key = keyText(name, entry.key);
    const written = writeNode(entry.value, indent, key.length + 2);
    const { trailing, above } = trailingOf(note, written.canTrail);
    const head = `${key}:${written.head === "" ? "" : ` ${written.head}`}${trailing}`;
    const inner = indented([...withoutFirstBlank(written.lead), ...written.body]);
    return { lead: [...leadOf(note), ...above], lines: [head, ...inner, ...afterOf(note)] };
  }

  function writeItem(item: Node, indent: number): Block {
    const note = take(`item ${item.place.start}`);
    const written = writeNode(item, indent, 2);
    const [first = "", ...rest] = written.head === "" ? written.body : [written.head, ...written.body];
    const { trailing, above } = trailingOf(note, written.canTrail && written.head !== "");
    const lead = [...leadOf(note), ...above, ...withoutFirstBlank(written.lead)];
    return { lead, lines: [`- ${first === "" ? "null" : first}${trailing}`, ...indented(rest), ...afterOf(note)] };
  }

  /** `indent` counts the characters to the left of the entry, `before` those between them and the value. */
  function writeNode(node: Node, indent: number, before: number): Written {
    if (node.kind === "scalar") return { lead: [], ...scalarText(node) };
    const isEmpty = (node.kind === "map" ? node.entries.size : node.items.length) === 0;
    const flow = isEmpty || isOneLine(node) ? writeFlow(node) : null;
    if (flow !== null && (isEmpty || indent + before + flow.length <= LINE_LENGTH_MAX)) {
      return { head: flow, lead: [], body: [], canTrail: true };
    }
    const { lead, lines } = node.kind === "map" ? entries(node, indent + 2) : items(node, indent + 2);
    return { head: "", lead, body: lines, canTrail: true };
  }

  function isOneLine(node: MapNode | ListNode): boolean {
    const { source, start, end } = node.place;
    return isFlow(node) && !source.text.slice(start, end).includes("\n");
  }

  /** Null where a comment or a text of several lines stands in the way. */
  function writeFlow(node: Node): string | null {
    if (node.kind === "scalar") return flowText(node);
    const parts: string[] = [];
    if (node.kind === "list") {
      for (const item of node.items) {
        const text = hasComment(`item ${item.place.start}`) ? null : writeFlow(item);
        if (text === null) return null;
        parts.push(text);
      }
      return `[${parts.join(", ")}]`;
    }
    for (const [name, { key, value }] of node.entries) {
      const text = hasComment(`field ${key.start}`) ? null : writeFlow(value);
      if (text === null) return null;
      parts.push(`${flowKeyText(name, key)}: ${text}`);
    }
    return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  }

  function hasComment(id: AnchorId): boolean {
    const note = used.has(id) ? undefined : notes.byAnchor.get(id);
    return note !== undefined && note.before.length + note.trailing.length + note.after.length > 0;
  }

  function leftOver(): readonly CommentLine[] {
    return [...notes.byAnchor]
      .filter(([id]) => !used.has(id))
      .flatMap(([, note]) => [...note.before, ...note.trailing, ...note.after]);
  }

  return { entries, leftOver };
}

function blockOf(blocks: readonly Block[]): Block {
  const [first, ...rest] = blocks;
  const { lead, lines } = defined(first, "an empty collection to be written in braces");
  return { lead, lines: [...lines, ...rest.flatMap((block) => [...block.lead, ...block.lines])] };
}

function leadOf(note: Note | undefined): readonly string[] {
  if (note === undefined) return [];
  return note.blank ? [...commentLines(note.before), ""] : commentLines(note.before);
}

/** One comment fits on the line; where there are more, or none can follow, they stand above. */
function trailingOf(
  note: Note | undefined,
  canTrail: boolean,
): { readonly trailing: string; readonly above: readonly string[] } {
  const [first, ...others] = (note?.trailing ?? []).map(({ text }) => text);
  if (first === undefined) return { trailing: "", above: [] };
  return canTrail ? { trailing: ` ${first}`, above: others } : { trailing: "", above: [first, ...others] };
}

function afterOf(note: Note | undefined): readonly string[] {
  return note === undefined ? [] : commentLines(note.after);
}

function commentLines(comments: readonly CommentLine[]): readonly string[] {
  return comments.flatMap(({ text, blank }) => (blank ? ["", text] : [text]));
}

function withoutFirstBlank(lines: readonly string[]): readonly string[] {
  return lines[0] === "" ? lines.slice(1) : lines;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}
