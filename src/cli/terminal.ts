/**
 * Where a command's words go: data to standard output, everything else to standard error. Colour only where a person looks
 * and does not object (`NO_COLOR`, `--no-color`); progress that overwrites itself only on a terminal.
 */

import { styleText } from "node:util";

export interface Terminal {
  readonly isJson: boolean;
  /** One line of data. */
  print(text: string): void;
  /** One JSON document (in `--json` mode), or one line of a stream of them. */
  printJson(value: unknown, options?: { compact?: boolean }): void;
  /** For people, on standard error; silent with `--quiet`. */
  say(text: string): void;
  warn(text: string): void;
  /** Overwrites itself on a terminal, one line each elsewhere. */
  progress(text: string): void;
  style(style: Style, text: string): string;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan";

export interface TerminalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env } = process;
  const isForced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const isColoured =
    options.color !== false &&
    env["NO_COLOR"] === undefined &&
    (isForced || (stdout.isTTY === true && stderr.isTTY === true));
  const overwrites = stderr.isTTY === true && env["CI"] === undefined;
  let hasProgress = false;

  const clear = () => {
    if (hasProgress) stderr.write("\r\u001b[2K");
    hasProgress = false;
  };
  const style = (name: Style, text: string) => (isColoured ? styleText(name, text, { validateStream: false }) : text);

  return {
    isJson: options.json === true,
    print(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    printJson(value, { compact } = {}) {
      clear();
      stdout.write(`${JSON.stringify(value, null, compact === true ? 0 : 2)}\n`);
    },
    say(text) {
      if (options.quiet === true) return;
      clear();
      stderr.write(`${text}\n`);
    },
    warn(text) {
      clear();
      stderr.write(`${style("yellow", "warning")} ${text}\n`);
    },
    progress(text) {
      if (options.quiet === true) return;
      if (!overwrites) return void stderr.write(`${text}\n`);
      clear();
      stderr.write(inert(text).slice(0, (stderr.columns ?? 80) - 1));
      hasProgress = true;
    },
    style,
  };
}

/** Text from elsewhere (names, messages of executors) without what would steer the terminal. */
export function inert(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] as number)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
