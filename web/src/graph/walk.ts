/** Arrow keys over a graph: along edges to the right and left, among neighbours up and down, in and out of containers. */

import type { Picture } from "../../../src/core/language/picture.ts";
import type { Layout } from "./layout.ts";

export type Direction = "next" | "previous" | "up" | "down" | "in" | "out";

/** The step to which the walk leads from `id`; null: there is none that way. */
export function walk(picture: Picture, layout: Layout, id: string | null, direction: Direction): string | null {
  const node = picture.nodes.find((each) => each.id === id);
  if (node === undefined) return picture.lanes[0]?.steps[0] ?? null;
  switch (direction) {
    case "next":
      return picture.edges.find(({ from }) => from === id)?.to ?? neighbour(picture, layout, node.id, 1);
    case "previous":
      return picture.edges.find(({ to }) => to === id)?.from ?? neighbour(picture, layout, node.id, -1);
    case "down":
      return neighbour(picture, layout, node.id, 1);
    case "up":
      return neighbour(picture, layout, node.id, -1);
    case "in":
      return node.lanes.flatMap((lane) => picture.lanes[lane]?.steps ?? [])[0] ?? null;
    case "out":
      return picture.lanes[node.lane]?.owner ?? null;
  }
}

/** The nearest step above or below in the same container; with nobody there, the next of the list. */
function neighbour(picture: Picture, layout: Layout, id: string, step: 1 | -1): string | null {
  const node = picture.nodes.find((each) => each.id === id);
  const here = layout.nodes[id];
  if (node === undefined || here === undefined) return null;
  const owner = picture.lanes[node.lane]?.owner ?? null;
  const beside = picture.nodes.filter((each) => each.id !== id && (picture.lanes[each.lane]?.owner ?? null) === owner);
  const candidates = beside.flatMap((each) => {
    const box = layout.nodes[each.id];
    if (box === undefined || (box.y - here.y) * step <= 0) return [];
    return [{ id: each.id, distance: Math.abs(box.y - here.y) + Math.abs(box.x - here.x) * 2 }];
  });
  const nearest = candidates.sort((a, b) => a.distance - b.distance)[0];
  if (nearest !== undefined) return nearest.id;
  const list = picture.lanes[node.lane]?.steps ?? [];
  return list[list.indexOf(id) + step] ?? null;
}
