/**
 * Mending one execution by hand:
 *
 *     magicflow executions skip ID PATH          the step counts as done without being done
 *     magicflow executions complete ID PATH      the step gets the output that is given
 *     magicflow executions reset ID --to-event N goes on from there as a new execution, in place of the old one
 *     magicflow executions compensate ID         what completed is undone
 */

import type { Command } from "commander";
import type { StartAnswer } from "../../core/protocol/starts.ts";
import type { RerunOptions } from "../../sdk/client.ts";
import { readInput } from "../context.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import type { Terminal } from "../terminal.ts";
import { done, reasonOf } from "./execution-controls.ts";

export function repairCommands(executions: Command, run: RunCommand): void {
  executions
    .command("skip")
    .description("skip a step by hand: what is behind it goes on")
    .argument("<id>")
    .argument("<path>", 'the step\'s place, such as "each[3].reserve"')
    .option("--reason <text>", "why, for the history")
    .action((id: string, path: string, options: { reason?: string }) =>
      run(async ({ terminal, client }) =>
        done(terminal, await client().executions.skipStep(id, path, reasonOf(options))),
      ),
    );
  executions
    .command("complete")
    .description("complete a step by hand, with an output")
    .argument("<id>")
    .argument("<path>", 'the step\'s place, such as "each[3].reserve"')
    .option("-o, --output <json>", "JSON, a file, or - for standard input", "{}")
    .option("--reason <text>", "why, for the history")
    .action((id: string, path: string, options: { output: string; reason?: string }) =>
      run(async ({ terminal, client }) => {
        const output = readInput(options.output);
        return done(terminal, await client().executions.completeStep(id, path, output, reasonOf(options)));
      }),
    );
  executions
    .command("compensate")
    .description("undo what completed in an execution that has ended")
    .argument("<id>")
    .option("--reason <text>", "why, for the history")
    .action((id: string, options: { reason?: string }) =>
      run(async ({ terminal, client }) => done(terminal, await client().executions.compensate(id, reasonOf(options)))),
    );
  executions
    .command("reset")
    .description("go on from an event of its history as a new execution; the old one is terminated")
    .argument("<id>")
    .requiredOption("--to-event <n>", "the number of the last event that stays")
    .option("-i, --input <json>", "in place of its input")
    .action((id: string, options: { toEvent: string; input?: string }) =>
      run(async ({ terminal, client }) => {
        const started = await client().executions.rerun(id, {
          from: { event: numberOf("--to-event", options.toEvent) },
          terminate_origin: true,
          ...(options.input === undefined ? {} : { input: readInput(options.input) }),
        });
        return tellStarted(terminal, started);
      }),
    );
}

export interface PlaceOptions {
  readonly fromStep?: string;
  readonly fromEvent?: string;
  readonly stepInput?: string;
}

export function placeOptions(command: Command): Command {
  return command
    .option("--from-step <path>", "begin at this step; what was before it is copied")
    .option("--from-event <n>", "begin after this event of the history")
    .option("--step-input <json>", "with --from-step: what that step gets in place of its own input");
}

/** What a rerun says of where it begins. */
export function placeOf({ fromStep, fromEvent, stepInput }: PlaceOptions): Pick<RerunOptions, "from" | "step_input"> {
  if (fromStep !== undefined && fromEvent !== undefined)
    throw new CommandFailure(EXIT.usage, "Expected --from-step or --from-event, but both are given.");
  if (stepInput !== undefined && fromStep === undefined)
    throw new CommandFailure(EXIT.usage, "Expected --step-input only with --from-step.");
  return {
    ...(fromStep === undefined ? {} : { from: { step: fromStep } }),
    ...(fromEvent === undefined ? {} : { from: { event: numberOf("--from-event", fromEvent) } }),
    ...(stepInput === undefined ? {} : { step_input: readInput(stepInput) }),
  };
}

export function tellStarted(terminal: Terminal, started: StartAnswer): number {
  if (terminal.isJson) terminal.printJson(started);
  else terminal.print(started.execution_id);
  return EXIT.ok;
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new CommandFailure(EXIT.usage, `Expected ${option} to be the number of an event, but it is "${text}".`);
}
