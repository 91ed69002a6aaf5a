import type { Command } from "commander";
import type { RegisterAnswer, WorkflowDetail } from "../../core/protocol/workflows.ts";
import type { Client } from "../../sdk/client.ts";
import { MagicFlowError } from "../../sdk/errors.ts";
import type { Bundle } from "../bundles.ts";
import { readSources, showDiagnostics } from "../documents.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { checkPrune, planPrune } from "../prune.ts";
import type { Terminal } from "../terminal.ts";

interface Applied {
  readonly name: string;
  readonly version: string;
  readonly change: RegisterAnswer["change"] | "archived";
}

interface Options {
  readonly file: string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
}

const WORDS = { created: "new", version_created: "new version", unchanged: "unchanged" } as const;

/** `magicflow apply`: registers what files describe. Applying them again changes nothing. */
export function applyCommand(program: Command, run: RunCommand): void {
  program
    .command("apply")
    .description("register the workflows of files; applying again changes nothing")
    .requiredOption("-f, --file <paths...>", "files and folders; - for standard input")
    .option("--dry-run", "show what would change, and change nothing")
    .option("--prune", "archive the server's workflows that are not in the files; asks before")
    .option("-y, --yes", "archive without asking")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow apply -f ./workflows\n  magicflow apply -f order.yaml --dry-run\n  magicflow apply -f ./workflows --prune --yes",
    )
    .action((options: Options) =>
      run(async ({ terminal, client: open }) => {
        const sources = readSources(options.file);
        const { bundlesOf } = await import("../bundles.ts");
        const { bundles, diagnostics } = bundlesOf(sources);
        // All or nothing: a file with errors must not leave half of a folder registered.
        const errors = showDiagnostics(terminal, diagnostics, sources);
        if (errors > 0)
          throw new CommandFailure(
            EXIT.invalid,
            `Nothing was registered: ${errors} ${errors === 1 ? "error" : "errors"}.`,
            { diagnostics },
          );
        const isDryRun = options.dryRun === true;
        const prune = {
          kept: bundles.map(({ name }) => name),
          isDryRun,
          yes: options.yes === true,
          readsInput: options.file.includes("-"),
        };
        if (options.prune === true) checkPrune(prune);
        const client = open();
        // Agreed to before the first change: who says no has changed nothing.
        const surplus = options.prune === true ? await planPrune(terminal, client, prune) : [];
        const results: Applied[] = [];
        for (const bundle of bundles) results.push(await applyOne(terminal, client, bundle, isDryRun));
        for (const { name, version } of surplus) {
          if (!isDryRun) await client.workflows.archive(name);
          if (!terminal.isJson) terminal.print(`${name} ${version} archived`);
          results.push({ name, version, change: "archived" });
        }
        if (terminal.isJson) terminal.printJson({ dry_run: isDryRun, workflows: results });
        const changed = results.filter(({ change }) => change !== "unchanged").length;
        terminal.say(
          `${changed} of ${results.length} ${results.length === 1 ? "workflow" : "workflows"} ${isDryRun ? "would change" : "changed"}`,
        );
        return EXIT.ok;
      }),
    );
}

async function applyOne(terminal: Terminal, client: Client, bundle: Bundle, isDryRun: boolean): Promise<Applied> {
  const before = isDryRun ? await readWorkflow(client, bundle.name) : null;
  const { name, version, change } = await client.workflows.register(bundle.text, { dryRun: isDryRun });
  if (terminal.isJson) return { name, version, change };
  terminal.print(`${name} ${version} ${WORDS[change]}`);
  if (isDryRun && change !== "unchanged") terminal.print(await diffOf(before, bundle.text, name, version));
  return { name, version, change };
}

async function readWorkflow(client: Client, name: string): Promise<WorkflowDetail | null> {
  return client.workflows.get(name).catch((error: unknown) => {
    if (error instanceof MagicFlowError && error.status === 404) return null;
    throw error;
  });
}

/** Of the canonical forms: a change of spelling alone is no change. */
async function diffOf(before: WorkflowDetail | null, after: string, name: string, version: string): Promise<string> {
  const [{ formatDocument }, { createTwoFilesPatch }] = await Promise.all([
    import("../../core/language/print/format.ts"),
    import("diff"),
  ]);
  const canonical = (text: string) => {
    const formatted = formatDocument(text);
    return "text" in formatted ? formatted.text : text;
  };
  const patch = createTwoFilesPatch(
    before === null ? "/dev/null" : `${name} ${before.version}`,
    `${name} ${version}`,
    before === null ? "" : canonical(before.yaml_content),
    canonical(after),
  );
  // The library draws a line above, which only some tools understand.
  return patch.replace(/^=+\n/, "").trimEnd();
}
