/**
 * What may happen in a story: one function for each word. To add a word, add its function; most of what operators do
 * needs none, because `call` sends any request.
 */

import { parseDuration } from "../../src/core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import type { HistoryEvent } from "../../src/core/engine/events.ts";
import { mismatches } from "./match.ts";
import type { Tale } from "./play.ts";
import { atScale } from "./scenario.ts";
import type { Answer } from "./stage.ts";

type Command = (tale: Tale, given: Json) => Promise<void>;

export const COMMANDS: Readonly<Record<string, Command>> = {
  /** `{workflow: child, as: name, input, metadata, options, answers}`; of the main workflow it may be left out. */
  async start(tale, given) {
    const { workflow, as = "main", answers, options, ...rest } = given as JsonObject;
    const body = options === undefined ? rest : { ...rest, options: atScale(options, tale.scenario.scale) };
    const answer = await tale.stage.start(workflow === undefined ? tale.scenario.main : String(workflow), body);
    expectAnswer(answer, answers, "the start");
    const id = answer.body["execution_id"];
    if (typeof id === "string") tale.executions.set(String(as), id);
  },

  /** An executor takes the task of the step, and says nothing more. */
  async take(tale, given) {
    await taskOf(tale, given);
  },
  /** `complete: pay`, or `{step, attempt, output, answers, of}`. */
  async complete(tale, given) {
    const { output = {}, answers = "accepted" } = details(given);
    const taskId = await taskOf(tale, given);
    const outcome = await tale.stage.finish({ task_id: taskId, status: "completed", output });
    expectEqual(answers, outcome, `the outcome for ${taskId}`);
  },
  /** `fail: pay`, or `{step, attempt, code, message, retryable, retry_after, answers, of}`. */
  async fail(tale, given) {
    const { code = "DECLINED", message = "It was declined.", retryable, retry_after, answers } = details(given);
    const taskId = await taskOf(tale, given);
    const error = {
      code: String(code),
      message: String(message),
      ...(retryable === undefined ? {} : { retryable: retryable === true }),
      ...(retry_after === undefined ? {} : { retry_after: Number(retry_after) / tale.scenario.scale }),
    };
    const outcome = await tale.stage.finish({ task_id: taskId, status: "failed", error });
    expectEqual(answers ?? "accepted", outcome, `the outcome for ${taskId}`);
  },
  /** A sign of life: `beat: pay`, or `{step, attempt, progress, answers, cancel}`. */
  async beat(tale, given) {
    const { progress = 0.5, answers, cancel } = details(given);
    const taskId = await taskOf(tale, given);
    const heard = await tale.stage.beat({ task_id: taskId, progress: Number(progress) });
    if (answers !== undefined) expectEqual(answers, heard.outcome, `the answer to the heartbeat of ${taskId}`);
    expectEqual(cancel ?? false, heard.cancel, `whether ${taskId} is told to cancel`);
  },

  /** `signal: approve`, or `{name, data, id, answers, of}`. */
  async signal(tale, given) {
    const { name, of: _of, answers, ...body } = isObject(given) ? given : { name: given };
    await operate(tale, `signals/${name}`, { of: details(given)["of"] ?? "main", answers: answers ?? null, ...body });
  },
  cancel: (tale, given) => operate(tale, "cancel", details(given)),
  terminate: (tale, given) => operate(tale, "terminate", details(given)),
  /** `{timers: freeze}` or nothing. */
  pause: (tale, given) => operate(tale, "pause", details(given)),
  resume: (tale, given) => operate(tale, "resume", details(given)),
  retry: (tale, given) => operate(tale, "retry", details(given)),
  compensate: (tale, given) => operate(tale, "compensate", details(given)),
  /** `skip: pay`, or `{step, id, reason, answers, of}`. */
  skip: (tale, given) => ofStep(tale, "skip", given),
  /** Completes a step by hand: `by_hand: pay`, or `{step, output, id, reason, answers, of}`. */
  by_hand: (tale, given) => ofStep(tale, "complete", given),
  /** `{name, data, correlation_key}`. */
  async publish(tale, given) {
    const { answers, ...event } = given as JsonObject;
    expectAnswer(await tale.stage.publish(event), answers, "the event");
  },

  /** Any request: `{post: /api/v1/..., body, answers}`, with `answers` a status, a code, or parts of the body; `as` names the execution that it answers. */
  async call(tale, given) {
    const { body, answers, as, ...rest } = given as JsonObject;
    const [[method = "", path] = []] = Object.entries(rest);
    const answer = await tale.stage.call(method.toUpperCase(), String(path), body);
    expectAnswer(answer, answers, `${method} ${path}`);
    const id = answer.body["execution_id"];
    if (as !== undefined && typeof id === "string") tale.executions.set(String(as), id);
  },

  /** Asks until the answer is as expected: `{get: /api/v1/..., answers}`. */
  async ask(tale, given) {
    const { body, answers, ...rest } = given as JsonObject;
    const [[method = "", path] = []] = Object.entries(rest);
    await tale.until(async () => {
      const answer = await tale.stage.call(method.toUpperCase(), String(path), body);
      return differences(answer, answers, `${method} ${path}`);
    });
  },

  /** Lets time pass: for what must not happen meanwhile. Where something is to happen, `until` says so better. */
  async pass(tale, given) {
    const ms = parseDuration(given as string);
    if (ms === null) throw new Error(`Expected a duration, but met ${JSON.stringify(given)}.`);
    await tale.stage.pass(ms / tale.scenario.scale);
  },
  /** Lets time pass until it is to be seen. */
  until: (tale, given) => tale.until(() => tale.unmet(details(given))),
  /** It is to be seen now. */
  async expect(tale, given) {
    const wrong = await tale.unmet(details(given));
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  },
};

/** In short form what is given is the step, or nothing at all. */
function details(given: Json): JsonObject {
  return isObject(given) ? given : given === null ? {} : { step: given };
}

async function operate(tale: Tale, operation: string, given: JsonObject): Promise<void> {
  const { of = "main", answers = null, ...body } = given;
  const answer = await tale.stage.operate(await tale.executionOf(String(of)), operation, body);
  expectAnswer(answer, answers ?? undefined, operation);
}

function ofStep(tale: Tale, part: string, given: Json): Promise<void> {
  const { step, ...body } = details(given);
  return operate(tale, `steps/${encodeURIComponent(String(step))}/${part}`, body);
}

/** The id of the step's task, once somebody has taken it. A task that was taken before may be answered at any time. */
async function taskOf(tale: Tale, given: Json): Promise<string> {
  const { step, attempt, of = "main" } = details(given);
  const executionId = await tale.executionOf(String(of));
  const known = attempt === undefined ? undefined : `${executionId}/${step}/${attempt}`;
  if (known !== undefined && tale.taken.has(known)) return known;
  let taskId = "";
  await tale.until(async () => {
    const event = scheduled(await tale.stage.history(executionId), String(step), attempt);
    if (event === null) return [`Expected a task for ${step} ${attempt ?? ""}, but there is none.`];
    taskId = `${executionId}/${event.path}/${event.attempt}`;
    if (tale.taken.has(taskId)) return [];
    const tasks = await tale.stage.poll(event.data.executor, event.data.function);
    for (const { id } of tasks) tale.taken.add(id);
    return tale.taken.has(taskId) ? [] : [`Expected to be given the task ${taskId}, but it was not.`];
  });
  return taskId;
}

type Scheduled = Extract<HistoryEvent, { type: "StepScheduled" }>;

/** The newest attempt that has not ended, or the one that is asked for. */
function scheduled(history: readonly HistoryEvent[], path: string, attempt: Json | undefined): Scheduled | null {
  const newest = history.findLast((event) => event.path === path);
  const isAsked = attempt === undefined || newest?.attempt === attempt;
  return newest?.type === "StepScheduled" && isAsked ? newest : null;
}

/** Left out: it went well. */
function expectAnswer(answer: Answer, expected: Json | undefined, place: string): void {
  const wrong = differences(answer, expected, place);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}

function differences(answer: Answer, expected: Json | undefined, place: string): readonly string[] {
  const { status, body } = answer;
  if (typeof expected === "number") return mismatches(expected, status, `the status of ${place}`);
  if (typeof expected === "string") return mismatches(expected, body["code"], `the code of ${place}`);
  const isFine = status >= 200 && status < 300;
  if (!isFine) return [`Expected ${place} to go well, but it is ${status}: ${JSON.stringify(body).slice(0, 500)}`];
  return expected === undefined ? [] : mismatches(expected, body, place);
}

function expectEqual(expected: Json, actual: Json, place: string): void {
  const wrong = mismatches(expected, actual, place);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}
