/** Places on the canvas as a whole; a layout measures each from what contains it. */

import type { Picture } from "../../../src/core/language/picture.ts";
import { type Box, type Layout, originOf, type Point } from "./layout.ts";

/** Of the top left of a step, whatever contains it. */
export function absolutePlace(id: string, layout: Layout, picture: Picture): Point | null {
  const nodeOf = new Map(picture.nodes.map((node) => [node.id, node]));
  let node = nodeOf.get(id);
  let x = 0;
  let y = 0;
  while (node !== undefined) {
    const box = layout.nodes[node.id];
    if (box === undefined) return null;
    x += box.x;
    y += box.y;
    const owner: string | null = picture.lanes[node.lane]?.owner ?? null;
    if (owner === null) return { x, y };
    node = nodeOf.get(owner);
  }
  return null;
}

/** The innermost lane at a point of the canvas; `except` and what it contains do not count. */
export function laneAt(at: Point, layout: Layout, picture: Picture, except: ReadonlySet<string> = new Set()): number {
  let found = 0;
  let area = Number.POSITIVE_INFINITY;
  for (const { index, owner } of picture.lanes) {
    const box = laneBox(index, layout, picture);
    if (box === null || (owner !== null && isWithin(owner, except, picture))) continue;
    const isInside = at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
    if (isInside && box.width * box.height < area) {
      found = index;
      area = box.width * box.height;
    }
  }
  return found;
}

export function laneBox(index: number, layout: Layout, picture: Picture): Box | null {
  const box = layout.lanes[index];
  const owner = picture.lanes[index]?.owner ?? null;
  if (box === undefined) return null;
  const at = owner === null ? { x: 0, y: 0 } : absolutePlace(owner, layout, picture);
  return at === null ? null : { ...box, x: at.x + box.x, y: at.y + box.y };
}

/** A point of the canvas as it is stored: measured from where the steps of a lane begin. */
export function inLane(at: Point, lane: number, layout: Layout, picture: Picture): Point {
  const origin = originOf(layout, lane);
  const owner = picture.lanes[lane]?.owner ?? null;
  const base = owner === null ? { x: 0, y: 0 } : (absolutePlace(owner, layout, picture) ?? { x: 0, y: 0 });
  return { x: Math.round(at.x - base.x - origin.x), y: Math.round(at.y - base.y - origin.y) };
}

/** Whether `id` is one of `ids` or stands in one of them. */
export function isWithin(id: string, ids: ReadonlySet<string>, picture: Picture): boolean {
  let current: string | null = id;
  while (current !== null) {
    if (ids.has(current)) return true;
    const sought: string = current;
    const lane = picture.nodes.find((node) => node.id === sought)?.lane;
    current = lane === undefined ? null : (picture.lanes[lane]?.owner ?? null);
  }
  return false;
}
