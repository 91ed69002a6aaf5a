/** The options by which executions are chosen, the same for every command that chooses some. */

import type { Command } from "commander";
import type { ExecutionFilter } from "../sdk/client.ts";
import { readDuration } from "./context.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";

export interface FilterOptions {
  readonly workflow?: string;
  readonly atVersion?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly errorCode?: string;
  readonly metadata?: readonly string[];
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly olderThan?: string;
}

export function filterOptions(command: Command): Command {
  return command
    .option("--workflow <name>", "only of this workflow")
    .option("--at-version <version>", "only of this version")
    .option("--status <status>", "one or more, separated by commas")
    .option("--tag <tag>", "only of workflows with this tag")
    .option("--text <text>", "part of the id, workflow, error or metadata")
    .option("--error-code <code>", "only those that failed with it")
    .option("--metadata <name=value...>", "search attributes")
    .option("--created-after <time>", "RFC 3339")
    .option("--created-before <time>", "RFC 3339")
    .option("--older-than <duration>", "accepted longer ago than, for instance, 1h");
}

/** An empty object where none of the options was given. */
export function filterOf(options: FilterOptions, now: number = Date.now()): ExecutionFilter {
  const { workflow, atVersion, status, tag, text, errorCode, createdAfter } = options;
  const createdBefore = createdBeforeOf(options, now);
  return {
    ...(workflow === undefined ? {} : { workflow }),
    ...(atVersion === undefined ? {} : { version: atVersion }),
    ...(status === undefined ? {} : { status }),
    ...(tag === undefined ? {} : { tag }),
    ...(text === undefined ? {} : { text }),
    ...(errorCode === undefined ? {} : { error_code: errorCode }),
    ...(createdAfter === undefined ? {} : { created_after: createdAfter }),
    ...(createdBefore === undefined ? {} : { created_before: createdBefore }),
    ...(options.metadata === undefined ? {} : { metadata: attributesOf(options.metadata) }),
  };
}

function createdBeforeOf({ createdBefore, olderThan }: FilterOptions, now: number): string | undefined {
  if (olderThan === undefined) return createdBefore;
  if (createdBefore !== undefined)
    throw new CommandFailure(EXIT.usage, "Expected --older-than or --created-before, but both are given.");
  return new Date(now - readDuration(olderThan, "--older-than")).toISOString();
}

function attributesOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new CommandFailure(EXIT.usage, `Expected --metadata to be NAME=VALUE, but it is "${pair}".`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
