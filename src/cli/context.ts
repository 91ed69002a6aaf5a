/** What every command gets: the terminal, a client for the server it speaks with, and how its options are read. */

import { readFileSync } from "node:fs";
import { parseDuration } from "../core/base/duration.ts";
import { isObject, type Json } from "../core/base/json.ts";
import { type Client, createClient } from "../sdk/client.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/** Options that every command has. */
export interface GlobalOptions {
  readonly server?: string;
  readonly token?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

export interface CommandContext {
  readonly terminal: Terminal;
  client(): Client;
}

export function createContext(options: GlobalOptions): CommandContext {
  return {
    terminal: createTerminal(options),
    client: () =>
      createClient({
        ...(options.server === undefined ? {} : { url: options.server }),
        ...(options.token === undefined ? {} : { token: options.token }),
        // A person waits: say soon that nobody answers.
        retries: 1,
      }),
  };
}

/** `--input`: JSON itself, the name of a file, `@file`, or `-` for standard input. Nothing given is an empty object. */
export function readInput(given: string | undefined): Json {
  if (given === undefined) return {};
  const text = inputText(given);
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new CommandFailure(
      EXIT.usage,
      `Expected --input to be JSON or the name of a JSON file, but: ${(cause as Error).message}.`,
    );
  }
}

function inputText(given: string): string {
  if (given === "-") return readFileSync(0, "utf8");
  if (/^\s*[[{"]/.test(given) || /^\s*(-?\d|true|false|null)/.test(given)) return given;
  const path = given.startsWith("@") ? given.slice(1) : given;
  return readText(path);
}

export function readText(path: string): string {
  try {
    return path === "-" ? readFileSync(0, "utf8") : readFileSync(path, "utf8");
  } catch (cause) {
    throw new CommandFailure(
      EXIT.usage,
      `Expected ${path} to be a file that can be read, but: ${(cause as Error).message}.`,
    );
  }
}

/** `--metadata`: a JSON object, or `name=value` pairs separated by commas. */
export function readMetadata(given: string | undefined): Readonly<Record<string, Json>> {
  if (given === undefined) return {};
  if (given.trim().startsWith("{")) {
    const value = readInput(given);
    if (isObject(value)) return value;
  }
  return Object.fromEntries(
    given.split(",").map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      return [name.trim(), rest.join("=")];
    }),
  );
}

export function readDuration(given: string, option: string): number {
  const ms = parseDuration(given);
  if (ms === null)
    throw new CommandFailure(
      EXIT.usage,
      `Expected ${option} to be a duration such as 30s or 5m, but it is "${given}".`,
    );
  return ms;
}
