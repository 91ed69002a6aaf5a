/**
 * The drawing as a file: an SVG of our own from the same boxes that the canvas shows, with nothing in it but shapes and text.
 * What people wrote is escaped; no style sheet, font or script is named, so that it looks the same in every viewer.
 */

import type { Picture, PictureEdge, PictureNode } from "../../../src/core/language/picture.ts";
import { absolutePlace } from "./canvas-places.ts";
import { type Box, HEAD_HEIGHT, type Layout, layoutOf, NODE_HEIGHT, type Positions } from "./layout.ts";
import { lookOfType } from "./step-types.ts";

const MARGIN = 32;
const COLOURS = { calls: "#2563c9", data: "#0f766e", control: "#6d3fc8", integrations: "#b4480f", own: "#565a6e" };
const LINES = {
  success: { colour: "#8b8fa3", style: 'stroke-width="1.8"' },
  failure: { colour: "#b3202e", style: 'stroke-width="1.8" stroke-dasharray="8 5"' },
  fallback: { colour: "#8a5200", style: 'stroke-width="2.4" stroke-dasharray="1.5 5" stroke-linecap="round"' },
  compensation: { colour: "#6b35b8", style: 'stroke-width="4.5"' },
} as const;
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif"';
/** Letters that a node has room for; an SVG does not cut text by itself. */
const NAME_LENGTH_MAX = 24;
const SUMMARY_LENGTH_MAX = 30;
const LABEL_LENGTH_MAX = 60;

export interface SvgFile {
  readonly text: string;
  readonly width: number;
  readonly height: number;
}

export function toSvg(picture: Picture, positions: Positions = {}): SvgFile {
  const layout = layoutOf(picture, positions);
  const boxOf = (id: string): Box | null => {
    const at = absolutePlace(id, layout, picture);
    const size = layout.nodes[id];
    return at === null || size === undefined ? null : { ...size, ...at };
  };
  const boxes = new Map(
    picture.nodes.flatMap((node) => {
      const box = boxOf(node.id);
      return box === null ? [] : [[node.id, box] as const];
    }),
  );
  const left = Math.min(0, ...[...boxes.values()].map(({ x }) => x)) - MARGIN;
  const top = Math.min(0, ...[...boxes.values()].map(({ y }) => y)) - MARGIN;
  const width = Math.max(layout.width, ...[...boxes.values()].map((box) => box.x + box.width)) - left + MARGIN;
  const height = Math.max(layout.height, ...[...boxes.values()].map((box) => box.y + box.height)) - top + MARGIN;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" role="img">`,
    `<title>${escaped(picture.name)}</title>`,
    arrows(),
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#f7f7fa"/>`,
    ...picture.lanes
      .filter(({ owner, index }) => owner === null && index > 0)
      .map(({ index }) => lane(picture, layout, index, { x: 0, y: 0 })),
    ...picture.nodes.map((node) => drawn(picture, layout, node, boxes.get(node.id))),
    ...picture.edges.map((edge) => line(edge, boxes.get(edge.from), boxes.get(edge.to))),
    "</svg>",
  ];
  return { text: parts.join("\n"), width, height };
}

function arrows(): string {
  const marker = (kind: string, colour: string) =>
    `<marker id="${kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L10 5L0 10z" fill="${colour}"/></marker>`;
  return `<defs>${Object.entries(LINES)
    .map(([kind, { colour }]) => marker(kind, colour))
    .join("")}</defs>`;
}

function drawn(picture: Picture, layout: Layout, node: PictureNode, box: Box | undefined): string {
  if (box === undefined) return "";
  const { label, family } = lookOfType(node.type);
  const colour = COLOURS[family];
  const dash = node.isSide ? ' stroke-dasharray="4 3"' : "";
  const name = cut(node.name === "" ? "no name" : node.name, NAME_LENGTH_MAX);
  const summary = cut(node.summary === "" ? label : node.summary, SUMMARY_LENGTH_MAX);
  const middle = box.y + (node.lanes.length > 0 ? HEAD_HEIGHT : NODE_HEIGHT) / 2;
  return [
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="10" fill="#ffffff" stroke="#b9bbca"${dash}/>`,
    `<rect x="${box.x}" y="${box.y + 6}" width="4" height="${box.height - 12}" rx="2" fill="${colour}"/>`,
    `<text x="${box.x + 16}" y="${middle - 3}" ${FONT} font-size="13" font-weight="600" fill="#1a1b26">${escaped(name)}</text>`,
    `<text x="${box.x + 16}" y="${middle + 14}" ${FONT} font-size="11" fill="#565a6e">${escaped(summary)}</text>`,
    ...node.lanes.map((index) => lane(picture, layout, index, box)),
  ].join("");
}

function lane(picture: Picture, layout: Layout, index: number, at: { readonly x: number; readonly y: number }): string {
  const box = layout.lanes[index];
  if (box === undefined) return "";
  const label = cut(picture.lanes[index]?.label ?? "", LABEL_LENGTH_MAX);
  const x = at.x + box.x;
  const y = at.y + box.y;
  return [
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="8" fill="#f7f7fa" stroke="#dedfe8"/>`,
    `<text x="${x + 10}" y="${y + 17}" ${FONT} font-size="11" font-weight="600" fill="#565a6e">${escaped(label)}</text>`,
  ].join("");
}

function line({ kind, recovers }: PictureEdge, from: Box | undefined, to: Box | undefined): string {
  if (from === undefined || to === undefined) return "";
  const { colour, style } = LINES[kind];
  const end = { x: to.x, y: to.y + middleOf(to) };
  const isSuccess = kind === "success";
  const start = isSuccess
    ? { x: from.x + from.width, y: from.y + middleOf(from) }
    : { x: from.x + Math.min(from.width / 2, 112), y: from.y + from.height };
  const bend = Math.max(40, Math.abs(end.x - start.x) / 2);
  const path = isSuccess
    ? `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`
    : `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
  const stroke = `<path d="${path}" fill="none" stroke="${colour}" ${style} marker-end="url(#${kind})"/>`;
  const inner = kind === "compensation" ? `<path d="${path}" fill="none" stroke="#f7f7fa" stroke-width="2"/>` : "";
  if (isSuccess) return stroke;
  const word = kind === "failure" && recovers ? "failure, then on" : kind;
  const x = (start.x + end.x) / 2;
  const y = (start.y + end.y) / 2 + bend / 3;
  return `${stroke}${inner}<text x="${x}" y="${y}" ${FONT} font-size="11" font-weight="600" text-anchor="middle" fill="${colour}" stroke="#f7f7fa" stroke-width="3" paint-order="stroke">${word}</text>`;
}

function middleOf({ height }: Box): number {
  return (height === NODE_HEIGHT ? NODE_HEIGHT : HEAD_HEIGHT) / 2;
}

function cut(text: string, lengthMax: number): string {
  const letters = [...text];
  return letters.length <= lengthMax ? text : `${letters.slice(0, lengthMax - 1).join("")}…`;
}

/** Markup is told as text; what XML forbids is left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
