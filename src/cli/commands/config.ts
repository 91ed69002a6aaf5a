import type { Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { inert, table } from "../terminal.ts";

interface Options {
  readonly config?: string;
  readonly origin?: boolean;
}

/** `magicflow config`: what `start` would find, without starting. */
export function configCommand(program: Command, run: RunCommand): void {
  const config = program.command("config").description("look at the configuration and check it");
  showCommand(config, run);
  validateCommand(config, run);
}

function showCommand(config: Command, run: RunCommand): void {
  config
    .command("show")
    .description("every setting with its value; secrets are masked")
    .option("-c, --config <file>", "configuration file")
    .option("--origin", "where each value came from")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow config show\n  magicflow config show --origin --config magicflow.yaml",
    )
    .action((options: Options) =>
      run(async ({ terminal }) => {
        const [{ loadConfig }, { showSettings }] = await Promise.all([
          import("../settings.ts"),
          import("../../config/show.ts"),
        ]);
        const { config: found, file } = loadConfig(terminal, options.config, {});
        for (const warning of found.warnings) terminal.warn(warning);
        const settings = showSettings(found);
        if (terminal.isJson) {
          terminal.printJson({ file, settings });
          return EXIT.ok;
        }
        const rows = settings.map(({ name, value, origin }) => {
          const shown = value === null ? "-" : typeof value === "string" ? inert(value) : JSON.stringify(value);
          return options.origin === true ? [name, shown, inert(origin)] : [name, shown];
        });
        terminal.print(table([options.origin === true ? ["SETTING", "VALUE", "FROM"] : ["SETTING", "VALUE"], ...rows]));
        return EXIT.ok;
      }),
    );
}

function validateCommand(config: Command, run: RunCommand): void {
  config
    .command("validate")
    .description("check the configuration and show every problem with its place")
    .option("-c, --config <file>", "configuration file")
    .action((options: Options) =>
      run(async ({ terminal }) => {
        const { findConfig, formatConfigProblems } = await import("../settings.ts");
        const { read, file, text } = findConfig(options.config, {});
        const problems = read.ok ? [] : read.problems;
        const warnings = read.ok ? read.config.warnings : [];
        if (terminal.isJson) terminal.printJson({ valid: read.ok, file, problems, warnings });
        else {
          if (problems.length > 0) process.stderr.write(`${formatConfigProblems(terminal, problems, text)}\n`);
          for (const warning of warnings) terminal.warn(warning);
          const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
          terminal.say(`${file ?? "defaults and environment"}: ${problems.length === 0 ? "fine" : count}`);
        }
        return read.ok ? EXIT.ok : EXIT.invalid;
      }),
    );
}
