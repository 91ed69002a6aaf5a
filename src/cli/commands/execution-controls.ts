/**
 * Changing what goes on, each command in two ways:
 *
 *     magicflow executions cancel ID                                   one
 *     magicflow executions cancel --workflow orders --status running   all that fit
 */

import type { Command } from "commander";
import type { BulkArguments, BulkOperation } from "../../core/protocol/bulk.ts";
import type { ControlAnswer } from "../../core/protocol/executions.ts";
import type { Client } from "../../sdk/client.ts";
import { type BulkOptions, hasFilter, runBulk } from "../bulk.ts";
import { readInput } from "../context.ts";
import { filterOptions } from "../execution-filter.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { type PlaceOptions, placeOf, placeOptions, tellStarted } from "../rerun-place.ts";
import type { Terminal } from "../terminal.ts";

interface Control<O> {
  readonly operation: BulkOperation;
  readonly about: string;
  readonly options?: (command: Command) => Command;
  /** For many. */
  toArguments(options: O): BulkArguments;
  /** For one; answers the exit code. */
  one(terminal: Terminal, client: Client, id: string, options: O): Promise<number>;
}

export function controlCommands(executions: Command, run: RunCommand): void {
  control<{ reason?: string }>(executions, run, {
    operation: "cancel",
    about: "tell its tasks, clean up, end it",
    options: (command) => command.option("--reason <text>"),
    toArguments: reasonOf,
    one: async (terminal, client, id, options) => done(terminal, await client.executions.cancel(id, reasonOf(options))),
  });
  control<{ reason?: string }>(executions, run, {
    operation: "terminate",
    about: "end it now: nothing more runs",
    options: (command) => command.option("--reason <text>"),
    toArguments: reasonOf,
    one: async (terminal, client, id, options) =>
      done(terminal, await client.executions.terminate(id, reasonOf(options))),
  });
  control<{ freezeTimers?: boolean }>(executions, run, {
    operation: "pause",
    about: "record results, begin nothing new",
    options: (command) => command.option("--freeze-timers", "the pause does not count for timers"),
    toArguments: timersOf,
    one: async (terminal, client, id, options) => done(terminal, await client.executions.pause(id, timersOf(options))),
  });
  control<object>(executions, run, {
    operation: "resume",
    about: "go on after a pause",
    toArguments: () => ({}),
    one: async (terminal, client, id) => done(terminal, await client.executions.resume(id)),
  });
  releaseCommand(executions, run);
  control<object>(executions, run, {
    operation: "retry",
    about: "re-open it: failed and cancelled steps begin again",
    toArguments: () => ({}),
    one: async (terminal, client, id) => done(terminal, await client.executions.retry(id)),
  });
  control<{ input?: string; workflowVersion?: string } & PlaceOptions>(executions, run, {
    operation: "rerun",
    about: "start a new execution like this one",
    options: (command) =>
      placeOptions(
        command
          .option("-i, --input <json>", "in place of its input")
          .option("--workflow-version <version>", "in place of its version"),
      ),
    toArguments(options) {
      if (placeOf(options).from !== undefined)
        throw new CommandFailure(EXIT.usage, "Expected the id of one execution with --from-step or --from-event.");
      return inputOf(options);
    },
    one: async (terminal, client, id, options) =>
      tellStarted(terminal, await client.executions.rerun(id, { ...inputOf(options), ...placeOf(options) })),
  });
  signalCommand(executions, run);
}

/** For one alone: what was wrong with each has to be mended first. */
function releaseCommand(executions: Command, run: RunCommand): void {
  executions
    .command("release")
    .description("take it out of quarantine, once what was wrong with it is mended")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => done(terminal, await client().executions.resetQuarantine(id))),
    );
}

function control<O>(executions: Command, run: RunCommand, what: Control<O>): void {
  const command = executions.command(what.operation).description(what.about).argument("[id]");
  many(what.options?.(command) ?? command).action((id: string | undefined, options: O & BulkOptions) =>
    run(async ({ terminal, client }) => {
      if (isOne(id, options)) return what.one(terminal, client(), id, options);
      return runBulk(terminal, client(), {
        operation: what.operation,
        arguments: what.toArguments(options),
        options,
      });
    }),
  );
}

/** With an id and a name for one, with a name alone for all that fit. */
function signalCommand(executions: Command, run: RunCommand): void {
  const command = executions
    .command("signal")
    .description("send it a signal")
    .argument("[id]")
    .argument("[name]")
    .option("-d, --data <json>", "JSON, a file, or - for standard input")
    .option("--id <id>", "sent twice with one id, it counts once");
  many(command).action(
    (first: string | undefined, second: string | undefined, options: BulkOptions & { data?: string; id?: string }) =>
      run(async ({ terminal, client }) => {
        const data = options.data === undefined ? null : readInput(options.data);
        if (hasFilter(options) && first !== undefined && second === undefined && options.id === undefined)
          return runBulk(terminal, client(), { operation: "signal", arguments: { name: first, data }, options });
        if (hasFilter(options) || first === undefined || second === undefined)
          throw new CommandFailure(
            EXIT.usage,
            "Expected an id and the name of the signal, or a filter and the name alone.",
          );
        const known = options.id === undefined ? {} : { id: options.id };
        return done(terminal, await client().executions.signal(first, second, data, known));
      }),
  );
}

/** What chooses many, and how that is gone about. */
function many(command: Command): Command {
  return filterOptions(command)
    .option("--all", "every execution there is")
    .option("--dry-run", "say how many are meant, and change nothing")
    .option("-y, --yes", "do not ask")
    .option("--no-wait", "do not wait until all of them are through");
}

function isOne(id: string | undefined, options: BulkOptions): id is string {
  if ((id !== undefined) !== hasFilter(options)) return id !== undefined;
  const which = id === undefined ? "neither is given" : "both are given";
  throw new CommandFailure(
    EXIT.usage,
    `Expected the id of an execution, or a filter such as --workflow, but ${which}.`,
  );
}

export function done(terminal: Terminal, answer: ControlAnswer): number {
  if (terminal.isJson) terminal.printJson(answer);
  else terminal.say(`${answer.execution_id} is ${answer.status}`);
  return EXIT.ok;
}

export function reasonOf({ reason }: { reason?: string }): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

function timersOf({ freezeTimers }: { freezeTimers?: boolean }): { timers?: "freeze" } {
  return freezeTimers === true ? { timers: "freeze" } : {};
}

function inputOf({
  input,
  workflowVersion,
}: {
  input?: string;
  workflowVersion?: string;
}): Pick<BulkArguments, "input" | "version"> {
  return {
    ...(input === undefined ? {} : { input: readInput(input) }),
    ...(workflowVersion === undefined ? {} : { version: workflowVersion }),
  };
}
