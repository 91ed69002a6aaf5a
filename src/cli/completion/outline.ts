/**
 * The commands of the program as shells complete them: for each place, such as `magicflow executions`, what may stand
 * there. Taken from the commands themselves, so nothing is completed that does not exist.
 */

import type { Command, Option } from "commander";

export interface Place {
  /** The words up to here: `magicflow executions list`. */
  readonly path: string;
  /** Commands below it, or the choices of its argument. */
  readonly words: readonly Word[];
  readonly options: readonly CompletedOption[];
  readonly takesFiles: boolean;
}

export interface Word {
  readonly name: string;
  readonly about: string;
}

export interface CompletedOption {
  /** Each with its dashes. */
  readonly names: readonly string[];
  readonly about: string;
  readonly value: OptionValue;
}

export type OptionValue =
  | { readonly kind: "none" }
  | { readonly kind: "file" }
  | { readonly kind: "text" }
  | { readonly kind: "choice"; readonly of: readonly string[] };

/** Both names of the program. */
export const PROGRAMS = ["magicflow", "magic-flow"] as const;

export function outlineOf(program: Command): readonly Place[] {
  // Those of the program may stand behind every command; its version may not.
  const everywhere = program.options.filter((option) => option.attributeName() !== "version");
  return placesOf(program, [program.name()], everywhere);
}

function placesOf(command: Command, path: readonly string[], everywhere: readonly Option[]): readonly Place[] {
  const help = command.createHelp();
  // The `help` command is one more way to say what `--help` says.
  const commands = command.commands.filter((below) => help.visibleCommands(command).includes(below));
  const own = help.visibleOptions(command);
  const options = [...own, ...everywhere.filter((option) => !own.includes(option))];
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const here: Place = {
    path: path.join(" "),
    words: [
      ...commands.map((below) => ({ name: below.name(), about: below.description() })),
      ...choices.map((name) => ({ name, about: "" })),
    ],
    options: options.map(toOption),
    // After an option that takes several values stand further ones.
    takesFiles:
      command.registeredArguments.some((argument) => isFile(argument.name())) ||
      own.some((option) => option.variadic && takenBy(option).kind === "file"),
  };
  return [here, ...commands.flatMap((below) => placesOf(below, [...path, below.name()], everywhere))];
}

function toOption(option: Option): CompletedOption {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
  return { names, about: option.description, value: takenBy(option) };
}

function takenBy({ required, optional, argChoices, flags }: Option): OptionValue {
  if (!required && !optional) return { kind: "none" };
  if (argChoices !== undefined) return { kind: "choice", of: argChoices };
  const name = /[<[]([^>\]]+)/.exec(flags)?.[1] ?? "";
  return { kind: isFile(name) ? "file" : "text" };
}

/** By the name of the value, as the help shows it: `<file>`, `[paths...]`, and `<json>`, which may be a file. */
function isFile(name: string): boolean {
  return /^(files?|paths?|folders?|json)\b/.test(name);
}
