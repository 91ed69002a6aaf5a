/** What `apply --prune` archives: workflows of the server that the files do not have. */

import type { WorkflowSummary } from "../core/protocol/workflows.ts";
import type { Client } from "../sdk/client.ts";
import { canAsk, confirm } from "./confirm.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import { inert, type Terminal } from "./terminal.ts";

export interface PruneOptions {
  /** Names of the workflows that the files describe. */
  readonly kept: readonly string[];
  readonly isDryRun: boolean;
  readonly yes: boolean;
  /** Standard input is read as a file, so nobody can answer on it. */
  readonly readsInput: boolean;
}

/** Before anything is asked of the server: wrong usage must not depend on what happens to be there. */
export function checkPrune({ kept, isDryRun, yes, readsInput }: PruneOptions): void {
  if (kept.length === 0)
    throw new CommandFailure(
      EXIT.usage,
      "Expected at least one workflow in the files, because --prune would archive every workflow of the server.",
    );
  if (!isDryRun && !yes && (readsInput || !canAsk()))
    throw new CommandFailure(
      EXIT.usage,
      "Expected --yes with --prune, because nobody can be asked here. See with --dry-run what it would archive.",
    );
}

/** What is to be archived, once whoever is asked has agreed to it. */
export async function planPrune(
  terminal: Terminal,
  client: Client,
  options: PruneOptions,
): Promise<readonly WorkflowSummary[]> {
  const kept = new Set(options.kept);
  const surplus: WorkflowSummary[] = [];
  for await (const workflow of client.workflows.list()) {
    if (!kept.has(workflow.name)) surplus.push(workflow);
  }
  if (surplus.length === 0 || options.isDryRun || options.yes) return surplus;
  terminal.warn(`Not among the files: ${inert(surplus.map(({ name }) => name).join(", "))}`);
  const what = surplus.length === 1 ? "this workflow" : `these ${surplus.length} workflows`;
  if (await confirm(`Archive ${what}? Running executions go on.`)) return surplus;
  throw new CommandFailure(EXIT.failure, "Nothing was changed.");
}
