import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { Engine } from "../../assemble.ts";
import type { Json } from "../../core/base/json.ts";
import type { HistoryEvent } from "../../core/engine/events.ts";
import { readInput } from "../context.ts";
import { readSources, showDiagnostics } from "../documents.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import { showEvent } from "../follow.ts";
import { serveFunctions } from "../local-functions.ts";
import type { RunCommand } from "../main.ts";
import type { Terminal } from "../terminal.ts";
import { showEnd } from "./execute.ts";

interface Options {
  readonly input?: string;
  readonly context?: string[];
  readonly functions?: string;
  readonly config?: string;
  readonly workflow?: string;
}

const WORKSPACE = "default";

/** `magicflow run`: one execution in this process, in memory, without a server. */
export function runWorkflowCommand(program: Command, run: RunCommand): void {
  program
    .command("run")
    .description("run one workflow in this process, without a server")
    .argument("<file>", "the workflow; - for standard input")
    .option("-i, --input <json>", "JSON, a file, or - for standard input")
    .option("--context <files...>", "files with its WorkflowContext, or with child workflows")
    .option(
      "--functions <module>",
      "a JavaScript or TypeScript module whose exports are the functions of its executors",
    )
    .option("--workflow <name>", "which one, where the file holds several")
    .option("-c, --config <file>", "configuration file")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow run totals.yaml --input '{\"items\": [1, 2]}'\n  magicflow run order.yaml --input order.json --functions ./functions.ts",
    )
    .action((file: string, options: Options) =>
      run(async ({ terminal }) => {
        const sources = readSources([file, ...(options.context ?? [])]);
        const { bundlesOf } = await import("../bundles.ts");
        const { bundles, diagnostics } = bundlesOf(sources);
        const errors = showDiagnostics(terminal, diagnostics, sources);
        if (errors > 0) throw new CommandFailure(EXIT.invalid, "", { diagnostics });
        const wanted =
          options.workflow === undefined ? bundles[0] : bundles.find(({ name }) => name === options.workflow);
        if (wanted === undefined)
          throw new CommandFailure(
            EXIT.usage,
            `Expected ${file} to hold ${options.workflow === undefined ? "a workflow" : `workflow "${options.workflow}"`}, but it has: ${bundles.map(({ name }) => name).join(", ") || "none"}.`,
          );
        const input = readInput(options.input);

        const { loadConfig } = await import("../settings.ts");
        const { config } = loadConfig(terminal, options.config, {});
        const { openMemoryEngine } = await import("../../assemble.ts");
        const functions = await importFunctions(options.functions);
        await using engine = await openMemoryEngine({
          config,
          report: (error, about) => terminal.warn(`${about}: ${String(error)}`),
        });
        for (const { text } of bundles) await register(engine, text);
        await using _functions = await serveFunctions(engine.host, WORKSPACE, functions);
        return await execute(terminal, engine, wanted.name, input);
      }),
    );
}

async function register(engine: Engine, text: string): Promise<void> {
  const registered = await engine.host.definitions.register({
    workspace: WORKSPACE,
    text,
    name: null,
    ifMatch: null,
    now: engine.clock.now(),
    dryRun: false,
  });
  if (!registered.ok) throw new CommandFailure(EXIT.invalid, registered.refusal.message, registered.refusal);
}

async function importFunctions(module: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (module === undefined) return {};
  try {
    return (await import(pathToFileURL(resolve(module)).href)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new CommandFailure(EXIT.usage, `Expected --functions to name a module that can be loaded, but: ${reason}`);
  }
}

async function execute(terminal: Terminal, { host, entropy }: Engine, workflow: string, input: Json): Promise<number> {
  const started = await host.start({
    workspace: WORKSPACE,
    workflow,
    version: null,
    input,
    metadata: { source: "cli" },
    priority: 5,
    timeoutMs: null,
    executionId: null,
    idempotencyKey: entropy.id(),
  });
  if (!started.ok) {
    const places = (started.refusal.errors ?? []).map(
      ({ pointer, message }) => `\n  ${pointer === "" ? "-" : pointer}  ${message}`,
    );
    throw new CommandFailure(EXIT.invalid, started.refusal.message + places.join(""), started.refusal);
  }
  const { id, version } = started.row;
  const compiled = await host.definitions.compiled({ workspace: WORKSPACE, workflow, version });
  if (!compiled.ok) throw new CommandFailure(EXIT.failure, compiled.refusal.message, compiled.refusal);
  const { addEvent, createView, toMessage } = await import("../../core/protocol/view.ts");
  const view = createView(compiled.definition, { id, workspace: WORKSPACE });

  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const packs = await host.follow({ workspace: WORKSPACE, executionId: id, afterSeq: 0, signal: interrupted.signal });
  for await (const pack of packs ?? []) {
    for (const line of pack.text.split("\n")) {
      const event = JSON.parse(line) as HistoryEvent;
      addEvent(view, event);
      if (!terminal.isJson) showEvent(terminal, event as Parameters<typeof showEvent>[1]);
    }
  }
  if (interrupted.signal.aborted) return EXIT.interrupted;
  const { createdAt, status } = started.row;
  const message = toMessage(view, { workflowId: workflow, createdAt, status, leases: new Map() });
  return showEnd(terminal, message);
}
