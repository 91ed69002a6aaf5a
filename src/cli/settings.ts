/** The configuration of a command: `--config`, else the usual places, then the environment, then the command's flags. */

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Config, ConfigProblem } from "../config/config.ts";
import { type ReadConfig, readConfig } from "../config/read.ts";
import type { SettingName } from "../config/settings.ts";
import { readText } from "./context.ts";
import { formatProblem } from "./excerpt.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface FoundConfig {
  readonly config: Config;
  /** The file that was read; null: none. */
  readonly file: string | null;
}

type Flags = Readonly<Partial<Record<SettingName, string | number | boolean>>>;

export function loadConfig(terminal: Terminal, given: string | undefined, flags: Flags): FoundConfig {
  const { read, file, text } = findConfig(given, flags);
  if (read.ok) return { config: read.config, file };
  throw new CommandFailure(EXIT.usage, formatConfigProblems(terminal, read.problems, text), {
    problems: read.problems,
  });
}

/** What was found and read, whether it is in order or not. */
export function findConfig(
  given: string | undefined,
  flags: Flags,
): { readonly read: ReadConfig; readonly file: string | null; readonly text: string | null } {
  const path = given ?? process.env["MAGICFLOW_CONFIG"] ?? usualPlaces().find((place) => existsSync(place)) ?? null;
  const file = path === null ? null : { name: path, text: readText(path) };
  const read = readConfig({ file, environment: process.env, flags, readSecretFile });
  return { read, file: path, text: file?.text ?? null };
}

export function formatConfigProblems(
  terminal: Terminal,
  problems: readonly ConfigProblem[],
  text: string | null,
): string {
  return problems.map((problem) => formatConfigProblem(terminal, problem, text)).join("\n");
}

function usualPlaces(): readonly string[] {
  const home = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return ["magicflow.yaml", join(home, "magicflow", "magicflow.yaml"), "/etc/magicflow/magicflow.yaml"];
}

function readSecretFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function formatConfigProblem(terminal: Terminal, problem: ConfigProblem, text: string | null): string {
  const { code, message, hint, source, line, column } = problem;
  const shown = text !== null && line !== null && mayHoldSecret(text, line) ? null : text;
  return formatProblem(terminal, { code, severity: "error", message, hint, file: source, line, column }, shown);
}

/** What a start prints is collected and kept by others: such a line is named, not quoted. */
function mayHoldSecret(text: string, line: number): boolean {
  return /:\/\/[^\s/]+@|secret|password|token|key|auth/i.test(text.split(/\r?\n/)[line - 1] ?? "");
}
