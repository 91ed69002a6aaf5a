/** Where in the history of an execution a rerun begins, as options say it. */

import type { Command } from "commander";
import type { StartAnswer } from "../core/protocol/starts.ts";
import type { RerunOptions } from "../sdk/client.ts";
import { readInput } from "./context.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

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
    ...(fromEvent === undefined ? {} : { from: { event: eventOf("--from-event", fromEvent) } }),
    ...(stepInput === undefined ? {} : { step_input: readInput(stepInput) }),
  };
}

export function tellStarted(terminal: Terminal, started: StartAnswer): number {
  if (terminal.isJson) terminal.printJson(started);
  else terminal.print(started.execution_id);
  return EXIT.ok;
}

export function eventOf(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new CommandFailure(EXIT.usage, `Expected ${option} to be the number of an event, but it is "${text}".`);
}
