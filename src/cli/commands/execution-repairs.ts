/**
 * Mending one execution by hand:
 *
 *     magicflow executions skip ID PATH          the step counts as done without being done
 *     magicflow executions complete ID PATH      the step gets the output that is given
 *     magicflow executions reset ID --to-event N goes on from there as a new execution, in place of the old one
 *     magicflow executions compensate ID         what completed is undone
 */

import type { Command } from "commander";
import { readInput } from "../context.ts";
import type { RunCommand } from "../main.ts";
import { eventOf, tellStarted } from "../rerun-place.ts";
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
          from: { event: eventOf("--to-event", options.toEvent) },
          terminate_origin: true,
          ...(options.input === undefined ? {} : { input: readInput(options.input) }),
        });
        return tellStarted(terminal, started);
      }),
    );
}
