/**
 * Text to trees: YAML 1.2, of which JSON is a part.
 *
 *     text ──lexemes──► guard ──► YAML nodes ──► Node (aliases expanded, keys are strings)
 *
 * Whoever writes the text may be an attacker, so everything has a limit, and what YAML offers beyond JSON is let in only
 * where it is harmless: anchors and merge keys up to a number of copies; no tags, no numbers that JSON cannot hold, no
 * keys that reach into objects.
 */

import * as yaml from "yaml";
import { quote } from "../../base/text.ts";
import type { Report } from "../report.ts";
import { createReport } from "../report.ts";
import { createGuard } from "./guard.ts";
import type { Entry, MapNode, Node, Place } from "./node.ts";
import { pathOf } from "./node.ts";
import type { Source } from "./source.ts";
import { createSource, positionOf } from "./source.ts";

/** Ten times the largest workflow that anybody has drawn. */
export const TEXT_BYTES_MAX: number = 1024 * 1024;
/** Containers in containers come to about six levels for each; nobody follows sixteen. */
export const NESTING_MAX = 100;
/** A text of the largest size has fewer nodes than this; only anchors can make more. */
const NODES_MAX = 500_000;
/** Copies that anchors may make. A shared retry policy on each of 500 steps makes 2,000. */
const COPIES_MAX = 20_000;
const DOCUMENTS_MAX = 1000;
/** One mistake of syntax brings others after it, so that after a few the rest is noise. */
const SYNTAX_ERRORS_MAX = 5;

const OPTIONS = {
  version: "1.2",
  schema: "core",
  strict: true,
  stringKeys: true,
  // Its own check compares every key with every other. Ours is below.
  uniqueKeys: false,
  prettyErrors: false,
  keepSourceTokens: false,
} as const;

/** One document of a text, and what is found in it. */
export interface Tree {
  readonly node: Node;
  readonly report: Report;
}

/** The documents in the text; empty ones are left out. What is wrong with the text as a whole goes to `general`. */
export function readTrees(file: string | null, text: string, general: Report): readonly Tree[] {
  const isLong = isTooLong(text);
  const source = createSource(file, isLong ? "" : text);
  const whole: Place = { source, start: 0, end: source.text.length, path: "" };
  if (isLong) {
    general.add("text-too-large", { bytesMax: TEXT_BYTES_MAX }, whole);
    return [];
  }
  const forbidden = forbiddenCharacter(text);
  if (forbidden !== null) {
    const place = { ...whole, start: forbidden.offset, end: forbidden.offset + 1 };
    general.add("text-character", { character: forbidden.name }, place);
    return [];
  }
  return composeDocuments(source, general).flatMap((document) => {
    const report = createReport(general.effort);
    const node = createReader(source, report, general).read(document);
    return node === null ? [] : [{ node, report }];
  });
}

function isTooLong(text: string): boolean {
  if (text.length > TEXT_BYTES_MAX) return true;
  if (text.length * 3 <= TEXT_BYTES_MAX) return false;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Each half of a surrogate pair counts for half of its four bytes.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes > TEXT_BYTES_MAX;
}

/** What YAML does not allow in a text: control characters and halves of surrogate pairs. */
function forbiddenCharacter(text: string): { offset: number; name: string } | null {
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/.exec(text);
  if (found !== null) return { offset: found.index, name: characterName(found[0].charCodeAt(0)) };
  const lone = loneSurrogate(text);
  return lone === -1 ? null : { offset: lone, name: characterName(text.charCodeAt(lone)) };
}

function loneSurrogate(text: string): number {
  const found = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  return found === null ? -1 : found.index;
}

function characterName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function composeDocuments(source: Source, report: Report): readonly yaml.Document.Parsed[] {
  const documents: yaml.Document.Parsed[] = [];
  const parser = new yaml.Parser();
  const composer = new yaml.Composer(OPTIONS);
  const guard = createGuard(3 * NESTING_MAX);
  let offset = 0;
  for (const lexeme of new yaml.Lexer().lex(source.text)) {
    const objection = guard.accept(lexeme);
    if (objection !== null || documents.length > DOCUMENTS_MAX) {
      const place = { source, start: offset, end: offset + 1, path: "" };
      if (objection === "nested too deeply") report.add("nesting-too-deep", { max: NESTING_MAX }, place);
      else if (objection === "no separators") report.add("yaml-invalid", { problem: NO_SEPARATORS }, place);
      else report.add("documents-too-many", { max: DOCUMENTS_MAX }, place);
      return [];
    }
    if (source.text.startsWith(lexeme, offset)) offset += lexeme.length;
    for (const token of parser.next(lexeme)) for (const document of composer.next(token)) documents.push(document);
  }
  for (const token of parser.end()) for (const document of composer.next(token)) documents.push(document);
  for (const document of composer.end()) documents.push(document);
  return documents;
}

const NO_SEPARATORS = "many values follow one another with nothing between them";

interface Reader {
  read(document: yaml.Document.Parsed): Node | null;
}

/**
 * One reader for each document: anchors do not outlive it, and each has its own budget. What makes the whole document
 * unreadable goes to `general`.
 */
function createReader(source: Source, report: Report, general: Report): Reader {
  const anchors = new Map<string, yaml.Node>();
  /** Anchors that are being read: an alias to one of them is inside it. */
  const open = new Set<yaml.Node>();
  let nodes = 0;
  let copies = 0;
  let copying = 0;
  let gaveUp = false;

  function placeOf(node: { range?: yaml.Range | null | undefined }, path: string): Place {
    const [start, end] = node.range ?? [0, 0];
    return { source, start, end, path };
  }

  function nothing(place: Place): Node {
    return { kind: "scalar", place, value: null };
  }

  function read(node: yaml.Node | null, path: string, depth: number, parent: Place): Node {
    if (node === null) return nothing({ ...parent, path });
    const place = placeOf(node, path);
    if (gaveUp || depth > NESTING_MAX || ++nodes > NODES_MAX) return giveUp(place, "nesting-too-deep");
    if (copying > 0 && ++copies > COPIES_MAX) return giveUp(place, "anchors-too-many");
    if (yaml.isAlias(node)) return readAlias(node, place, depth);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    checkTag(node, place);
    open.add(node);
    const tree = readNode(node, place, depth);
    open.delete(node);
    return tree;
  }

  function giveUp(place: Place, code: "nesting-too-deep" | "anchors-too-many"): Node {
    if (!gaveUp) general.add(code, { max: code === "nesting-too-deep" ? NESTING_MAX : COPIES_MAX }, place);
    gaveUp = true;
    return nothing(place);
  }

  function readAlias(node: yaml.Alias.Parsed | yaml.Alias, place: Place, depth: number): Node {
    const target = anchors.get(node.source);
    if (target === undefined || open.has(target)) {
      report.add(target === undefined ? "anchor-unknown" : "anchor-cycle", { anchor: node.source }, place);
      return nothing(place);
    }
    copying++;
    const tree = read(target, place.path, depth, place);
    copying--;
    return tree;
  }

  function checkTag(node: yaml.Node, place: Place): void {
    if (node.tag === undefined || /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/.test(node.tag)) return;
    report.add("tag-unknown", { tag: node.tag.replace("tag:yaml.org,2002:", "!!") }, place);
  }

  function readNode(node: yaml.Node, place: Place, depth: number): Node {
    if (yaml.isMap(node)) return { kind: "map", place, entries: readEntries(node, place, depth) };
    if (yaml.isSeq(node)) {
      const list = node.items as (yaml.Node | yaml.Pair)[];
      return {
        kind: "list",
        place,
        // `[a: 1]` is a list of one map.
        items: list.map((item, i) => {
          const path = pathOf(place.path, i);
          if (!yaml.isPair(item)) return read(item, path, depth + 1, place);
          const map = new yaml.YAMLMap() as yaml.YAMLMap<yaml.Node, yaml.Node | null>;
          map.items.push(item as yaml.Pair<yaml.Node, yaml.Node | null>);
          map.range = (item.key as yaml.Node | null)?.range ?? node.range ?? null;
          return read(map, path, depth + 1, place);
        }),
      };
    }
    return readScalar(node as yaml.Scalar, place);
  }

  function readScalar(node: yaml.Scalar, place: Place): Node {
    const value: unknown = node.value;
    if (typeof value === "string" && loneSurrogate(value) !== -1) {
      const character = characterName(value.charCodeAt(loneSurrogate(value)));
      report.add("text-character", { character }, place);
      return nothing(place);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      report.add("number-infinite", { source: source.text.slice(place.start, place.end) }, place);
      return nothing(place);
    }
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", place, value };
    }
    return nothing(place);
  }

  function readEntries(node: yaml.YAMLMap, place: Place, depth: number): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Entry["value"][] = [];
    for (const pair of node.items) {
      const name = keyOf(pair.key, place);
      if (name === null) continue;
      const key = placeOf(pair.key as yaml.Node, pathOf(place.path, name));
      const value = pair.value as yaml.Node | null;
      if (name === "<<" && (pair.key as yaml.Scalar).type === "PLAIN") {
        merged.push(read(value, place.path, depth, key));
        continue;
      }
      const before = entries.get(name);
      if (before !== undefined) {
        report.add("key-twice", { key: name, line: positionOf(source, before.key.start).line }, key);
        continue;
      }
      entries.set(name, { key, value: read(value, key.path, depth + 1, key) });
    }
    for (const tree of merged.flatMap((each) => (each.kind === "list" ? each.items : [each]))) mergeInto(entries, tree);
    return entries;
  }

  function keyOf(key: unknown, map: Place): string | null {
    const place = yaml.isNode(key) ? placeOf(key, map.path) : map;
    if (yaml.isScalar(key)) {
      checkTag(key, place);
      const name =
        typeof key.value === "string" ? key.value : key.value === null ? (key.source ?? "") : String(key.value);
      if (key.anchor !== undefined) anchors.set(key.anchor, key);
      if (name === "__proto__") report.add("key-dangerous", { key: name }, place);
      else if (loneSurrogate(name) !== -1)
        report.add("text-character", { character: characterName(name.charCodeAt(loneSurrogate(name))) }, place);
      else if (name === "") report.add("key-not-text", { key: "" }, place);
      else return name;
      return null;
    }
    report.add("key-not-text", { key: lineFrom(source.text, place.start) }, place);
    return null;
  }

  /** Fields of the map win over merged ones, earlier maps over later ones. */
  function mergeInto(entries: Map<string, Entry>, tree: Node): void {
    if (tree.kind !== "map") {
      if (!gaveUp) report.add("merge-not-map", {}, tree.place);
      return;
    }
    for (const [name, entry] of (tree as MapNode).entries) if (!entries.has(name)) entries.set(name, entry);
  }

  return {
    read(document) {
      const { version, explicit } = document.directives.yaml;
      if (explicit === true && version !== "1.2") {
        general.add("yaml-version", { version }, { source, start: 0, end: 0, path: "" });
        return null;
      }
      for (const error of document.errors.slice(0, SYNTAX_ERRORS_MAX)) {
        const place = { source, start: error.pos[0], end: Math.max(error.pos[0], error.pos[1]), path: "" };
        const problem = plainProblem(error.message);
        if (error.code !== "NON_STRING_KEY") general.add("yaml-invalid", { problem }, place);
        else general.add("key-not-text", { key: lineFrom(source.text, place.start) }, place);
      }
      if (document.errors.length > 0) return null;
      const contents = document.contents as yaml.Node | null;
      if (contents === null || (yaml.isScalar(contents) && contents.value === null && contents.source === "")) {
        return null;
      }
      const tree = read(contents, "", 0, { source, start: 0, end: 0, path: "" });
      return gaveUp ? null : tree;
    },
  };
}

function lineFrom(text: string, start: number): string {
  return text.slice(start, start + 40).split(/[\r\n]/)[0] ?? "";
}

/** What the parser calls the signs. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ["flow-seq-start", '"["'],
  ["flow-seq-end", '"]"'],
  ["flow-map-start", '"{"'],
  ["flow-map-end", '"}"'],
  ["map-value-ind", '":"'],
  ["explicit-key-ind", '"?"'],
  ["seq-item-ind", '"-"'],
  ["double-quoted-scalar", "quoted text"],
  ["single-quoted-scalar", "quoted text"],
]);

/** The parser's words as the second half of a sentence. */
function plainProblem(message: string): string {
  const first = message.split("\n")[0] ?? "";
  const plain = first
    .replace(/[.:]\s*$/, "")
    .replace(/(?:flow|map|explicit|seq|double|single)-[a-z-]+/g, (word) => SIGNS.get(word) ?? word)
    .replace(/ at node end$/, " follows a value that has ended")
    .replace(/ token in YAML stream: .*$/, " follows where nothing can");
  return plain.length > 200 ? quote(plain) : plain.charAt(0).toLowerCase() + plain.slice(1);
}
