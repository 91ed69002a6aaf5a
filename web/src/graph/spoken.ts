/** A step in words, for those who hear the canvas: "charge, function, failed, leads to notify". */

import type { Picture, PictureEdge, PictureNode } from "../../../src/core/language/picture.ts";
import { lookOf } from "../parts/status.tsx";
import type { StepState } from "./marks.ts";
import { lookOfType } from "./step-types.ts";

const LEADS = {
  success: "leads to",
  failure: "on failure leads to",
  fallback: "falls back to",
  compensation: "is undone by",
} as const satisfies Record<PictureEdge["kind"], string>;

export function spokenName(
  picture: Picture,
  node: PictureNode,
  state: StepState | null,
  problem: string | null,
): string {
  const parts = [node.name === "" ? "step without a name" : node.name, lookOfType(node.type).label.toLowerCase()];
  if (state !== null) parts.push(lookOf(state.status).label.toLowerCase());
  if (problem !== null) parts.push(`has ${problem === "error" ? "an error" : "a warning"}`);
  if (node.isSide) parts.push("side step");
  if (node.when !== null) parts.push(`when ${node.when}`);
  for (const kind of ["success", "failure", "fallback", "compensation"] as const) {
    const names = picture.edges.filter((edge) => edge.from === node.id && edge.kind === kind).map(({ to }) => to);
    if (names.length > 0) parts.push(`${LEADS[kind]} ${names.join(" and ")}`);
  }
  const inner = node.lanes.reduce((count, lane) => count + (picture.lanes[lane]?.steps.length ?? 0), 0);
  if (node.lanes.length > 0) parts.push(`contains ${inner} ${inner === 1 ? "step" : "steps"}`);
  return parts.join(", ");
}
