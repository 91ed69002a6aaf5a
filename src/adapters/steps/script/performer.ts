/** Performs `transform` steps that are scripts: JSONata, or JavaScript with `function transform(input)`. */

import { availableParallelism } from "node:os";
import { isObject, member } from "../../../core/base/json.ts";
import type { StepError } from "../../../core/engine/error.ts";
import type { EngineTask } from "../../../core/engine/reactions.ts";
import type { Performed, Performer } from "../../../ports/performer.ts";
import { parseForeignJson } from "../foreign-json.ts";
import type { Job, ScriptFailure } from "./messages.ts";
import { createScriptPool } from "./pool.ts";

export interface ScriptPerformerOptions {
  /** How long a result may be: what travels in line. */
  readonly bytesMax: number;
  /** How many scripts run at a time; by default half of the machine, at least two and at most four. */
  readonly threads?: number;
}

const LIMIT_MS_DEFAULT = 5000;
/** However long a step may take: a script that computes for a minute stands in the way of everybody else's. */
const LIMIT_MS_MAX = 60_000;
/** One slow script must not stand before all others. */
const THREADS_MIN = 2;
const THREADS_MAX = 4;

export function createScriptPerformer(options: ScriptPerformerOptions): Performer {
  const pool = createScriptPool();
  return {
    executor: "@script",
    concurrencyMax:
      options.threads ?? Math.min(THREADS_MAX, Math.max(THREADS_MIN, Math.floor(availableParallelism() / 2))),
    async perform({ task, signal }) {
      const job = toJob(task, options.bytesMax);
      if (job === null) return unreadable(task);
      const reply = await pool.run(job, signal);
      if (reply.kind === "failure") return { status: "failed", error: toError(reply.failure, job, task) };
      if (reply.output === null) return { status: "completed", output: null, http: null };
      const parsed = parseForeignJson(reply.output);
      if (parsed.ok) return { status: "completed", output: parsed.value, http: null };
      const message = `Expected the script's result to be JSON that steps can carry, but ${parsed.fault}.`;
      return { status: "failed", error: { code: "SCRIPT_ERROR", message } };
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function toJob(task: EngineTask, lengthMax: number): Job | null {
  if (!isObject(task.input)) return null;
  const language = member(task.input, "language");
  const source = member(task.input, "source");
  if (language !== "javascript" && language !== "jsonata") return null;
  if (typeof source !== "string") return null;
  const limitMs = Math.min(task.timeoutMs ?? LIMIT_MS_DEFAULT, LIMIT_MS_MAX);
  return { language, source, input: JSON.stringify(member(task.input, "input") ?? null), limitMs, lengthMax };
}

function unreadable(task: EngineTask): Performed {
  const message = `Expected step "${task.step}" to name a script in JSONata or JavaScript, but it does not.`;
  return { status: "failed", error: { code: "SCRIPT_ERROR", message } };
}

/** A script that goes on for as long as the step may is late; where the sandbox stops it before that, it is at fault. */
function toError({ code, message, line }: ScriptFailure, job: Job, task: EngineTask): StepError {
  const isLate = code === "TIMEOUT" && task.timeoutMs !== null && task.timeoutMs <= job.limitMs;
  const details = line === null ? {} : { details: { line } };
  return { code: code === "TIMEOUT" && !isLate ? "SCRIPT_ERROR" : code, message, ...details };
}
