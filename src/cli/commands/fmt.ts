import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { readSources, showDiagnostics } from "../documents.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";

/** `magicflow fmt`: the canonical form of workflow files, comments kept. */
export function fmtCommand(program: Command, run: RunCommand): void {
  program
    .command("fmt")
    .description("print workflow files in canonical form, comments kept")
    .argument("<paths...>", "files and folders; - for standard input")
    .option("-w, --write", "write the files instead of printing them")
    .option("--check", "change nothing; exit code 3 if a file is not in canonical form")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow fmt order.yaml\n  magicflow fmt --write ./workflows\n  cat order.yaml | magicflow fmt -",
    )
    .action((paths: string[], options: { write?: boolean; check?: boolean }) =>
      run(async ({ terminal }) => {
        const sources = readSources(paths);
        const { formatDocument } = await import("../../core/language/print/format.ts");
        let errors = 0;
        const changed: string[] = [];
        const printed: string[] = [];
        for (const source of sources) {
          const formatted = formatDocument(source.text);
          if (!("text" in formatted)) {
            errors += showDiagnostics(
              terminal,
              formatted.diagnostics.map((diagnostic) => ({ ...diagnostic, file: source.file })),
              [source],
            );
            continue;
          }
          if (formatted.text !== source.text) changed.push(source.file ?? "");
          if (
            options.write === true &&
            options.check !== true &&
            source.file !== null &&
            formatted.text !== source.text
          )
            writeFileSync(source.file, formatted.text);
          else if (options.check !== true && options.write !== true) printed.push(formatted.text);
        }
        if (errors > 0) throw new CommandFailure(EXIT.invalid, "", { errors });
        if (terminal.isJson) terminal.printJson({ files: sources.length, changed });
        else if (printed.length > 0)
          process.stdout.write(printed.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join("---\n"));
        if (options.check === true) {
          for (const file of changed) terminal.say(`${file} is not in canonical form`);
          return changed.length > 0 ? EXIT.invalid : EXIT.ok;
        }
        if (options.write === true) terminal.say(`${changed.length} of ${sources.length} files changed`);
        return EXIT.ok;
      }),
    );
}
