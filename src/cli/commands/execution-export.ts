import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import type { Command } from "commander";
import type { Client } from "../../sdk/client.ts";
import { MagicFlowError } from "../../sdk/errors.ts";
import { type FilterOptions, filterOf, filterOptions } from "../execution-filter.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import type { Terminal } from "../terminal.ts";

interface ExportOptions extends FilterOptions {
  readonly output: string;
  readonly all?: boolean;
}

/** How often progress is said. */
const SAID_EACH = 100;

/**
 * `magicflow executions export`: everything that is stored of some executions, in one file. It stands under another name
 * until it is whole, so that half an export is never taken for one.
 */
export function exportCommand(executions: Command, run: RunCommand): void {
  const command = executions
    .command("export")
    .description("write all that is stored of executions to a file, as lines of JSON")
    .argument("[ids...]", "executions; else those that fit the options")
    .requiredOption("-o, --output <file>", "where to; compressed if it ends in .gz")
    .option("--all", "every execution there is");
  filterOptions(command).action((ids: readonly string[], options: ExportOptions) =>
    run(async ({ terminal, client }) => {
      const chosen = idsOf(client(), ids, options);
      const exported = await writeFile(terminal, client(), chosen, { isNamed: ids.length > 0, file: options.output });
      if (terminal.isJson) terminal.printJson({ exported, output: options.output });
      else terminal.say(`${exported} ${exported === 1 ? "execution is" : "executions are"} in ${options.output}.`);
      return EXIT.ok;
    }),
  );
}

async function* idsOf(client: Client, ids: readonly string[], options: ExportOptions): AsyncGenerator<string> {
  const filter = filterOf(options);
  const hasFilter = Object.keys(filter).length > 0;
  if (ids.length > 0 && (hasFilter || options.all === true))
    throw new CommandFailure(EXIT.usage, "Expected ids or options that choose executions, but both are given.");
  if (ids.length === 0 && !hasFilter && options.all !== true)
    throw new CommandFailure(EXIT.usage, "Expected ids, options that choose executions, or --all, but there is none.");
  if (ids.length > 0) return yield* ids;
  for await (const { execution_id: id } of client.executions.list({ ...filter, limit: 1000 })) yield id;
}

async function writeFile(
  terminal: Terminal,
  client: Client,
  ids: AsyncIterable<string>,
  { isNamed, file }: { isNamed: boolean; file: string },
): Promise<number> {
  let exported = 0;

  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const id of ids) {
      const stream = await client.executions.export(id).catch((error: unknown) => {
        // What was found may have been removed since; what was named should be there.
        if (isNamed || !(error instanceof MagicFlowError) || error.code !== "EXECUTION_NOT_FOUND") throw error;
        terminal.warn(`Execution ${id} is gone.`);
        return null;
      });
      if (stream === null) continue;
      for await (const chunk of stream) yield chunk;
      exported += 1;
      if (exported % SAID_EACH === 0) terminal.progress(`${exported} executions`);
    }
  }

  const part = `${file}.part`;
  const source = Readable.from(bytes(), { objectMode: false });
  try {
    if (file.endsWith(".gz")) await pipeline(source, createGzip(), createWriteStream(part));
    else await pipeline(source, createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return exported;
}
