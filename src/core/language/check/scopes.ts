/** How two steps stand to one another in the tree of scopes. */

import type { OutlineScope, OutlineStep } from "../outline.ts";

export interface Relation {
  /** The innermost scope that both are in. */
  readonly scope: OutlineScope;
  /** The step of that scope that is the reader, or contains it. */
  readonly reader: OutlineStep;
  /** The step of that scope that is the read one, or contains it. */
  readonly target: OutlineStep;
  /** The scopes from that one down to the reader, that one left out. */
  readonly readerScopes: readonly OutlineScope[];
  readonly targetScopes: readonly OutlineScope[];
}

export function relate(reader: OutlineStep, target: OutlineStep): Relation | null {
  const readerPath = pathTo(reader);
  const targetPath = pathTo(target);
  let depth = 0;
  while (
    depth < readerPath.length &&
    depth < targetPath.length &&
    readerPath[depth]?.scope === targetPath[depth]?.scope
  )
    depth++;
  const common = readerPath[depth - 1];
  const commonTarget = targetPath[depth - 1];
  if (common === undefined || commonTarget === undefined) return null;
  return {
    scope: common.scope,
    reader: common,
    target: commonTarget,
    readerScopes: readerPath.slice(depth).map((step) => step.scope),
    targetScopes: targetPath.slice(depth).map((step) => step.scope),
  };
}

/** The steps that contain `step`, from the outside in, and itself. */
export function pathTo(step: OutlineStep): readonly OutlineStep[] {
  const path: OutlineStep[] = [];
  for (let each: OutlineStep | null = step; each !== null; each = each.scope.owner) path.unshift(each);
  return path;
}
