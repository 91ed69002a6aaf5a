import type { Command } from "commander";
import type { Diagnostic } from "../../core/language/diagnostics.ts";
import { readSources, showDiagnostics } from "../documents.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";

/** `magicflow validate`: every problem of every file, without a server. */
export function validateCommand(program: Command, run: RunCommand): void {
  program
    .command("validate")
    .description("check workflow files and show every problem with its place")
    .argument("[paths...]", "files and folders; - for standard input")
    .option("--workflows <path...>", "the same, as a named option")
    .option("--format <format>", "text, json, sarif or github", "text")
    .option("--strict", "treat warnings as errors")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow validate order.yaml\n  magicflow validate --workflows ./workflows --format sarif",
    )
    .action((paths: string[], options: { workflows?: string[]; format: string; strict?: boolean }) =>
      run(async ({ terminal }) => {
        const all = [...paths, ...(options.workflows ?? [])];
        if (all.length === 0)
          throw new CommandFailure(EXIT.usage, "Expected the name of a file or folder to validate.");
        const sources = readSources(all);
        // Loaded here, as in other commands: the parser takes longer to load than many a command to run.
        const { loadDocuments } = await import("../../core/language/load.ts");
        // Together, so that contexts find their workflows in other files.
        const { diagnostics, workflows } = loadDocuments(sources);
        const errors = diagnostics.filter(({ severity }) => severity === "error").length;
        const warnings = diagnostics.length - errors;
        const format = terminal.isJson ? "json" : options.format;
        switch (format) {
          case "json":
            terminal.printJson({
              valid: errors === 0,
              files: sources.length,
              workflows: workflows.length,
              errors,
              warnings,
              diagnostics,
            });
            break;
          case "sarif":
            terminal.printJson(toSarif(diagnostics));
            break;
          case "github":
            for (const diagnostic of diagnostics) terminal.print(toAnnotation(diagnostic));
            break;
          case "text":
            showDiagnostics(terminal, diagnostics, sources);
            terminal.say(summary(sources.length, workflows.length, errors, warnings));
            break;
          default:
            throw new CommandFailure(
              EXIT.usage,
              `Expected --format to be text, json, sarif or github, but it is "${options.format}".`,
            );
        }
        const isBad = errors > 0 || (options.strict === true && warnings > 0);
        return isBad ? EXIT.invalid : EXIT.ok;
      }),
    );
}

function summary(files: number, workflows: number, errors: number, warnings: number): string {
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  return `${count(workflows, "workflow")} in ${count(files, "file")}: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}

function toSarif(diagnostics: readonly Diagnostic[]): object {
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort().map((id) => ({ id }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "magicflow", rules } },
        results: diagnostics.map(({ code, severity, message, hint, file, line, column, end }) => ({
          ruleId: code,
          level: severity,
          message: { text: hint === null ? message : `${message} ${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file ?? "" },
                region: { startLine: line, startColumn: column, endLine: end.line, endColumn: end.column },
              },
            },
          ],
        })),
      },
    ],
  };
}

/** One line that GitHub Actions shows at the place in the pull request. */
function toAnnotation({ code, severity, message, file, line, column }: Diagnostic): string {
  const escaped = message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::${severity} file=${file ?? ""},line=${line},col=${column},title=${code}::${escaped}`;
}
