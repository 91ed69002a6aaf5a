/**
 * Does one thing to many executions from the command line: says how many there are, asks, and shows how it goes.
 *
 *     count ──► ask (or --yes) ──► begin ──► progress until it is over
 *
 * The platform does the work: whoever interrupts the command interrupts the watching alone.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { BulkArguments, BulkMessage, BulkOperation, BulkStart } from "../core/protocol/bulk.ts";
import type { Client } from "../sdk/client.ts";
import { canAsk, confirm } from "./confirm.ts";
import { type FilterOptions, filterOf } from "./execution-filter.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import { inert, type Terminal, table } from "./terminal.ts";

export interface BulkOptions extends FilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** False with `--no-wait`. */
  readonly wait?: boolean;
}

const LOOK_MS = 200;
/** Where lines do not overwrite one another, one each two seconds is enough. */
const LINE_MS = 2000;
const BAR = 30;
const ERRORS_SHOWN = 10;

export function hasFilter(options: BulkOptions): boolean {
  return options.all === true || Object.keys(filterOf(options)).length > 0;
}

/** Answers the exit code. */
export async function runBulk(
  terminal: Terminal,
  client: Client,
  asked: { readonly operation: BulkOperation; readonly arguments: BulkArguments; readonly options: BulkOptions },
): Promise<number> {
  const { operation, options } = asked;
  const request = { operation, filter: toFilter(options), arguments: asked.arguments };
  const isDryRun = options.dryRun === true;
  if (!isDryRun && options.yes !== true && !canAsk()) {
    throw new CommandFailure(
      EXIT.usage,
      "Expected --yes with a filter where nobody can be asked. Look first at what would be meant: add --dry-run.",
    );
  }
  const preview = isDryRun || options.yes !== true ? await client.executions.bulk.preview(request) : null;
  if (preview !== null && isDryRun) {
    if (terminal.isJson) terminal.printJson(preview);
    else {
      const rows = preview.sample.map((one) => [one.execution_id, one.workflow_name, one.status, one.created_at]);
      if (rows.length > 0) terminal.print(table([["ID", "WORKFLOW", "STATUS", "CREATED"], ...rows]));
      terminal.say(`${countOf(preview)} would be meant by ${operation}`);
    }
    return EXIT.ok;
  }
  if (preview !== null) {
    if (preview.matched === 0) {
      terminal.say("There are no such executions.");
      return EXIT.ok;
    }
    if (!(await confirm(`${capital(operation)} ${countOf(preview)}?`))) {
      terminal.say("Nothing was changed.");
      return EXIT.failure;
    }
  }
  const begun = await client.executions.bulk.start(request);
  const ended = options.wait === false ? begun : await watch(terminal, client, begun);
  if (terminal.isJson) terminal.printJson(ended);
  else showEnd(terminal, ended);
  return ended.failed > 0 || ended.status === "cancelled" ? EXIT.failure : EXIT.ok;
}

function toFilter(options: BulkOptions): BulkStart["filter"] {
  const { limit: _, ...filter } = filterOf(options);
  if (options.all !== true) return filter;
  if (Object.keys(filter).length > 0)
    throw new CommandFailure(EXIT.usage, "Expected a filter or --all, but both are given.");
  return { all: true };
}

async function watch(terminal: Terminal, client: Client, begun: BulkMessage): Promise<BulkMessage> {
  let seen = begun;
  let told = "";
  let toldAt = 0;
  while (seen.finished_at === null) {
    const text = progressOf(seen);
    const isDue = process.stderr.isTTY === true || performance.now() - toldAt >= LINE_MS;
    if (text !== told && isDue) {
      terminal.progress(text);
      told = text;
      toldAt = performance.now();
    }
    await pause(LOOK_MS);
    seen = await client.executions.bulk.get(begun.id);
  }
  return seen;
}

export function progressOf({ operation, status, matched, done, failed }: BulkMessage): string {
  const over = done + failed;
  const failures = failed === 0 ? "" : `, ${failed} failed`;
  if (status === "counting") return `${operation}: ${matched} so far, counting`;
  const full = matched === 0 ? BAR : Math.min(BAR, Math.floor((over / matched) * BAR));
  return `${operation} [${"#".repeat(full)}${"-".repeat(BAR - full)}] ${over} of ${matched}${failures}`;
}

export function showEnd(terminal: Terminal, bulk: BulkMessage): void {
  const { id, operation, status, matched, done, failed, errors } = bulk;
  terminal.print(id);
  for (const { execution_id, code, message } of errors.slice(0, ERRORS_SHOWN))
    terminal.warn(inert(`${execution_id}: ${code}: ${message}`));
  if (failed > ERRORS_SHOWN) terminal.warn(`and ${failed - ERRORS_SHOWN} more: magicflow executions bulk get ${id}`);
  const how = status === "completed" ? "" : ` (${status})`;
  terminal.say(`${operation}: ${done} of ${matched} done, ${failed} failed${how}`);
}

function countOf({ matched, complete }: { readonly matched: number; readonly complete: boolean }): string {
  return `${complete ? "" : "more than "}${matched} ${matched === 1 ? "execution" : "executions"}`;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
