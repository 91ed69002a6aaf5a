/** Any failure as words for people or a problem document for programs, and the exit code that goes with it. */

import { MagicFlowError } from "../sdk/errors.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import { inert, type Terminal } from "./terminal.ts";

export function reportFailure(terminal: Terminal, error: unknown): number {
  if (error instanceof CommandFailure) {
    if (terminal.isJson && error.document !== null) terminal.printJson(error.document);
    else if (error.message !== "") process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof MagicFlowError) {
    if (terminal.isJson) terminal.printJson(error.problem);
    else process.stderr.write(`${formatApiError(terminal, error)}\n`);
    return exitCodeOf(error);
  }
  // A bug of ours: the whole of it, so that it can be reported.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}

function formatApiError(terminal: Terminal, { code, problem, message }: MagicFlowError): string {
  const lines = [`${terminal.style("red", "error")} ${terminal.style("bold", code)}  ${inert(message)}`];
  for (const { pointer, line, column, detail } of problem.errors ?? []) {
    const place = line === undefined ? (pointer ?? "") : `${line}:${column ?? 1}`;
    lines.push(`  ${terminal.style("cyan", place === "" ? "-" : place)}  ${inert(detail)}`);
  }
  return lines.join("\n");
}

export function exitCodeOf({ status, code }: MagicFlowError): number {
  if (code === "TIMEOUT") return EXIT.timeout;
  if (status === 0) return EXIT.unreachable;
  if (status === 400) return EXIT.usage;
  if (status === 401 || status === 403) return EXIT.auth;
  if (status === 404) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  return status === 422 ? EXIT.invalid : EXIT.failure;
}
