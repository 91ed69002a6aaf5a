/**
 * The command line: `magicflow`, also called `magic-flow`.
 *
 * Data goes to standard output, words to standard error. Exit codes are in `exit-codes.ts`. Each command is a file in
 * `commands/`.
 */

import { Command, CommanderError } from "commander";
import { applyCommand } from "./commands/apply.ts";
import { circuitBreakersCommand } from "./commands/circuit-breakers.ts";
import { completionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { deadLettersCommand } from "./commands/dead-letters.ts";
import { executeCommand } from "./commands/execute.ts";
import { executionsCommand } from "./commands/executions.ts";
import { fmtCommand } from "./commands/fmt.ts";
import { runWorkflowCommand } from "./commands/run.ts";
import { startCommand } from "./commands/start.ts";
import { validateCommand } from "./commands/validate.ts";
import { type CommandContext, createContext, type GlobalOptions } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { reportFailure } from "./failures.ts";
import { createTerminal } from "./terminal.ts";
import { versionText } from "./version.ts";

/** Runs the work of a command and keeps its exit code; failures are shown in one place. */
export type RunCommand = (work: (context: CommandContext) => Promise<number>) => Promise<void>;

/** Answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command();
  listenForSignals();
  const run: RunCommand = async (work) => {
    const context = createContext(program.opts<GlobalOptions>());
    try {
      exitCode = await work(context);
    } catch (error) {
      exitCode = reportFailure(context.terminal, error);
    }
  };

  program
    .name("magicflow")
    .description("Durable workflows from YAML, with your own executors.")
    .version(versionText(), "-V, --version", "version of this program")
    .option("--server <url>", "the platform to speak with (else MAGICFLOW_URL, else http://127.0.0.1:8080)")
    .option("--token <token>", "API token (better: MAGICFLOW_TOKEN)")
    .option("--json", "print one JSON document (NDJSON for streams)")
    .option("-q, --quiet", "no progress and no remarks")
    .option("--no-color", "no colour")
    .helpOption("-h, --help", "show help")
    .showHelpAfterError("(add --help for the options)")
    .showSuggestionAfterError()
    .enablePositionalOptions(false)
    .exitOverride()
    .addHelpText(
      "after",
      "\nExit codes: 0 fine, 1 failure, 2 wrong usage, 3 invalid document, 4 not allowed, 5 not found, 6 conflict,\n7 server unreachable, 8 execution did not complete, 124 timed out, 130 interrupted, 143 terminated.",
    );
  startCommand(program, run);
  validateCommand(program, run);
  fmtCommand(program, run);
  applyCommand(program, run);
  runWorkflowCommand(program, run);
  executeCommand(program, run);
  executionsCommand(program, run);
  deadLettersCommand(program, run);
  circuitBreakersCommand(program, run);
  configCommand(program, run);
  completionCommand(program, run);
  for (const command of withSubcommands(program)) command.exitOverride();

  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(createTerminal({}), error);
    // Help and version were asked for; everything else is wrong usage, and commander has said so.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return exitCode;
}

/** Ends the command with the code that says why, unless the command listens for itself because it has to wind up. */
function listenForSignals(): void {
  const listen = (name: "SIGINT" | "SIGTERM", exitCode: number) => {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(exitCode);
    });
  };
  listen("SIGINT", EXIT.interrupted);
  listen("SIGTERM", EXIT.terminated);
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
