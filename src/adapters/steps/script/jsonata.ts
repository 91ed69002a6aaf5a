/**
 * Evaluates JSONata. The language has no I/O and no way to the host's objects; what it could do is run for ever, recurse
 * without end or build without bound, and for each of these it has a limit.
 */

import jsonata from "jsonata";
import { cut, failure, type Job, type Reply, tooLong, tooSlow } from "./messages.ts";

/** Calls inside calls. Deeper ones would break the worker's own stack. */
const STACK_MAX = 500;
/** Items in one sequence: far more than an input of a megabyte can have. */
const SEQUENCE_MAX = 1_000_000;

export async function runJsonata(job: Job): Promise<Reply> {
  try {
    const expression = jsonata(job.source, { timeout: job.limitMs, stack: STACK_MAX, sequence: SEQUENCE_MAX });
    const value: unknown = await expression.evaluate(JSON.parse(job.input));
    const output = JSON.stringify(value) as string | undefined;
    if (output === undefined) return { kind: "result", output: null };
    return output.length > job.lengthMax ? tooLong(job.lengthMax) : { kind: "result", output };
  } catch (error) {
    return describe(error, job);
  }
}

function describe(error: unknown, job: Job): Reply {
  const { code, message, position } = error as { code?: unknown; message?: unknown; position?: unknown };
  if (code === TIMED_OUT) return tooSlow(job.limitMs);
  const line = typeof position === "number" ? job.source.slice(0, position).split("\n").length : null;
  const where = line === null ? "" : ` in line ${line}`;
  const words = typeof message === "string" ? message : String(error);
  return failure("SCRIPT_ERROR", `Expected the expression to give a value, but it failed${where}: ${cut(words)}`, line);
}

/** JSONata's own code for an evaluation that took too long. */
const TIMED_OUT = "D1012";
