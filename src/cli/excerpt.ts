/**
 * A problem as a person reads it: what is wrong, where, and the line itself with a mark under the place.
 *
 *     error step-unknown  orders.yaml:12:20
 *       Expected "on_success" to name a step, but there is no "chrage".
 *          12 |     on_success: chrage
 *             |                 ^^^^^^
 *       Did you mean "charge"?
 */

import { inert, type Terminal } from "./terminal.ts";

export interface Excerptable {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint?: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly end?: { readonly line: number; readonly column: number };
}

/** A longer line is cut around the place. */
const WIDTH_MAX = 110;

export function formatProblem(terminal: Terminal, problem: Excerptable, text: string | null): string {
  const { code, severity, message, hint, file, line, column } = problem;
  const place = line === null ? (file ?? "") : `${file ?? "<input>"}:${line}:${column ?? 1}`;
  const head = `${terminal.style(severity === "error" ? "red" : "yellow", severity)} ${terminal.style("bold", code)}  ${terminal.style("cyan", place)}`;
  const lines = [head, `  ${inert(message)}`];
  if (text !== null && line !== null && column !== null)
    lines.push(...excerpt(terminal, text, line, column, problem.end));
  if (hint !== null && hint !== undefined) lines.push(`  ${terminal.style("dim", inert(hint))}`);
  return lines.join("\n");
}

function excerpt(
  terminal: Terminal,
  text: string,
  line: number,
  column: number,
  end: Excerptable["end"],
): readonly string[] {
  const source = text.split(/\r?\n/)[line - 1];
  if (source === undefined) return [];
  const shown = source.replaceAll("\t", " ");
  const start =
    shown.length <= WIDTH_MAX ? 0 : Math.max(0, Math.min(column - 1 - WIDTH_MAX / 2, shown.length - WIDTH_MAX));
  const part = inert(shown.slice(start, start + WIDTH_MAX));
  const offset = column - 1 - start;
  const length = end !== undefined && end.line === line ? end.column - column : 1;
  const marks = "^".repeat(Math.max(1, Math.min(length, WIDTH_MAX - offset)));
  const number = String(line).padStart(6);
  return [
    `${terminal.style("dim", `${number} |`)} ${part}`,
    `${terminal.style("dim", `${" ".repeat(6)} |`)} ${" ".repeat(offset)}${terminal.style("red", marks)}`,
  ];
}
