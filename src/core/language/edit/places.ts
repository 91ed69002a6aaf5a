/** Where things begin and end in a YAML text, line by line: what the reader's own ranges leave open. */

import { isAlias, isMap, isPair, isScalar, isSeq, type YAMLSeq } from "yaml";

/** Just after the last letter that belongs to a node, its comments left out; null where it has no place in the text. */
export function contentEnd(node: unknown): number | null {
  if (isPair(node)) return contentEnd(node.value) ?? contentEnd(node.key);
  if ((isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0) {
    return contentEnd(node.items.at(-1)) ?? node.range?.[1] ?? null;
  }
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[1] ?? null;
  return null;
}

/** The dash of an item of a block list. */
export function itemStart(list: YAMLSeq, index: number): number | null {
  const token = list.srcToken;
  if (token?.type !== "block-seq") return null;
  const dashes = token.items.flatMap(({ start }) => start.find(({ type }) => type === "seq-item-ind")?.offset ?? []);
  return dashes[index] ?? null;
}

export function startOfLine(source: string, at: number): number {
  return source.lastIndexOf("\n", at - 1) + 1;
}

/** Just after the line break, so that what is put here begins a line. A block scalar ends there already. */
export function endOfLine(source: string, at: number): number {
  if (at > 0 && source[at - 1] === "\n") return at;
  const end = source.indexOf("\n", at);
  return end === -1 ? source.length : end + 1;
}

export function indentOf(source: string, at: number): number {
  return at - startOfLine(source, at);
}

export function isFirstOnLine(source: string, at: number): boolean {
  return source.slice(startOfLine(source, at), at).trim() === "";
}

/** The start of the line, or of the comments of the same indentation that stand right above it and speak of it. */
export function startWithComments(source: string, at: number): number {
  const indent = indentOf(source, at);
  let start = startOfLine(source, at);
  while (start > 0) {
    const above = startOfLine(source, start - 1);
    const line = source.slice(above, start);
    if (line.search(/\S/) !== indent || line.trimStart()[0] !== "#") return start;
    start = above;
  }
  return start;
}
