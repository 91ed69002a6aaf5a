/**
 * What a case is, and how it is tried: a text is registered, started or only looked at, and what came of it is compared.
 *
 * A text is whole documents (it names its `kind`), a list of steps, or the inside of a `spec`; `NAME` in it stands for the
 * name of its workflow. The kinds of cases:
 *
 *     Run         starts the workflow, answers its tasks, compares how it ended
 *     Diagnosis   only looks at what the text is told
 *     Spellings   texts that have to be the same workflow as the first of them
 *     Evaluation  expressions and their values
 */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";
import { type Executor, fails, gives, type Replies, type Reply, replyByName, type Task } from "./executor.ts";
import type { Answer, Platform } from "./platform.ts";

export interface World {
  readonly platform: Platform;
  readonly executor: Executor;
  /** Address of a server that the cases talk to, `http://127.0.0.1:PORT`. */
  readonly web: string;
}

type Told = Reply | ((task: Task) => Reply);

export interface Run {
  readonly says: string;
  readonly yaml: string;
  /** Other workflows, by name. */
  readonly also?: Readonly<Record<string, string>>;
  readonly input?: Json;
  /** What else the start is given: `metadata`, `options`. */
  readonly start?: JsonObject;
  /** By path, step or function; a list is used up call by call, its last answer stays. */
  readonly answers?: Readonly<Record<string, Told | readonly Told[]>>;
  readonly drive?: (going: Going) => Promise<unknown>;
  /** `completed` if not given; of an execution that has not ended, the case says so and it is given up afterwards. */
  readonly status?: string;
  readonly output?: Json;
  /** A code, or members that the error has among others. */
  readonly error?: string | JsonObject;
  /** `a completed; b failed CODE; c skipped condition`: all of them, by path. */
  readonly steps?: string;
  /** Outputs of some steps, by path. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** Paths in the order in which they were called; a comma list of sorted paths for those side by side: `a b,c d`. */
  readonly calls?: string;
  readonly check?: (going: Going, view: View) => unknown;
}

export interface Diagnosis {
  readonly says: string;
  readonly yaml: string;
  /** `error CODE` or `warning CODE`, each with what its place or message has to contain. All of them. */
  readonly finds: readonly (string | readonly [string, ...(string | RegExp)[]])[];
}

export interface Spellings {
  readonly says: string;
  readonly canonical: string;
  readonly also: readonly string[];
}

export interface Evaluation {
  readonly says: string;
  /** Expression, value, and the context if it needs one. A pattern instead of a value: an error that says so. */
  readonly values: readonly (readonly [string, Json | RegExp, Json?])[];
}

/** What fits no table. */
export interface Other {
  readonly says: string;
  readonly holds: (world: World, name: string) => Promise<void>;
}

export interface StepView {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly output: Json;
  readonly error: JsonObject | null;
  readonly fallback: boolean;
}

export interface View {
  readonly execution_id: string;
  readonly version: string;
  readonly status: string;
  readonly output: Json;
  readonly error: JsonObject | null;
  readonly warnings: readonly JsonObject[];
  readonly steps: readonly StepView[];
  readonly created_at: string;
  readonly duration: number | null;
  readonly [more: string]: unknown;
}

export interface HistoryEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly step: string | null;
  readonly path: string | null;
  readonly attempt: number | null;
  readonly data: JsonObject;
}

/** An execution that a case has started. */
export interface Going {
  readonly id: string;
  readonly world: World;
  readonly name: string;
  readonly tasks: readonly Task[];
  /** The `nth` task at a path, as soon as it is handed out. */
  task(path: string, nth?: number): Promise<Task>;
  complete(path: string, output?: Json): Promise<void>;
  fail(path: string, code: string, more?: JsonObject): Promise<void>;
  post(what: string, body?: Json): Promise<Answer>;
  view(): Promise<View>;
  history(): Promise<readonly HistoryEvent[]>;
  /** Waits until a step has this status, or the execution, if no path is given. */
  until(status: string, path?: string): Promise<View>;
}

const PATIENCE_MS = 20_000;
const ENDED = new Set(["completed", "failed", "cancelled", "timed_out"]);

export async function tryRun(world: World, name: string, run: Run): Promise<void> {
  for (const [child, yaml] of Object.entries(run.also ?? {})) await register(world, child, yaml, run.says);
  await register(world, name, run.yaml, run.says);
  const going = await begin(world, name, run);
  await run.drive?.(going);
  const expected = run.status ?? "completed";
  const view = ENDED.has(expected) ? await ended(going) : await going.until(expected);
  compare(run, going, view);
  await run.check?.(going, view);
  if (!ENDED.has(expected)) await going.post("terminate");
}

/** What a start of this workflow would be answered by `me`, and what it was asked. */
async function begin(world: World, name: string, run: Run): Promise<Going> {
  const tasks: Task[] = [];
  const waiting: { readonly fits: () => Task | undefined; readonly resolve: (task: Task) => void }[] = [];
  const used = new Map<string, number>();

  const replies: Replies = (task) => {
    tasks.push(task);
    for (const one of waiting) {
      const found = one.fits();
      if (found !== undefined) one.resolve(found);
    }
    const key = [task.path, task.step, task.function].find((candidate) => run.answers?.[candidate] !== undefined);
    if (key === undefined) return replyByName(task);
    const told = run.answers?.[key] as Told | readonly Told[];
    const nth = used.get(key) ?? 0;
    used.set(key, nth + 1);
    const one = Array.isArray(told) ? (told[Math.min(nth, told.length - 1)] as Told) : (told as Told);
    return typeof one === "function" ? one(task) : one;
  };
  for (const workflow of [name, ...Object.keys(run.also ?? {})]) world.executor.register(workflow, replies);

  const { status, body } = await world.platform.request("POST", `/workflows/${name}/execute`, {
    ...(run.input === undefined ? {} : { input: run.input }),
    ...run.start,
  });
  assert.equal(status, 202, `The start is taken: ${JSON.stringify(body)}`);
  const id = body["execution_id"] as string;
  const at = `/executions/${id}`;

  async function respond(path: string, reply: Reply): Promise<void> {
    const before = tasks.filter((task) => task.path === path).length;
    const task = before > 0 ? (tasks.findLast((one) => one.path === path) as Task) : await going.task(path);
    assert.equal(await world.executor.answer(task, reply), "accepted", `The result of ${path} is taken.`);
  }

  const going: Going = {
    id,
    world,
    name,
    tasks,
    task(path, nth = 1) {
      const fits = (): Task | undefined => tasks.filter((task) => task.path === path)[nth - 1];
      const found = fits();
      if (found !== undefined) return Promise.resolve(found);
      return within(new Promise<Task>((resolve) => waiting.push({ fits, resolve })), `task ${nth} at ${path}`);
    },
    complete: (path, output = {}) => respond(path, gives(output)),
    fail: (path, code, more) => respond(path, fails(code, more)),
    post: (what, body = {}) => world.platform.request("POST", `${at}/${what}`, body),
    view: async () => (await world.platform.request("GET", at)).body as unknown as View,
    async history() {
      const { body: page } = await world.platform.request("GET", `${at}/history?limit=1000`);
      return page["events"] as unknown as HistoryEvent[];
    },
    async until(wanted, path) {
      for (let waited = 0; ; waited += 20) {
        const view = await going.view();
        const found = path === undefined ? view.status : view.steps.find((step) => step.path === path)?.status;
        if (found === wanted) return view;
        assert.ok(
          waited < PATIENCE_MS && !(ENDED.has(view.status) && path === undefined),
          `Expected ${path ?? "the execution"} to become ${wanted}, but: ${show(view)}`,
        );
        await pause(20);
      }
    },
  };
  return going;
}

async function ended(going: Going): Promise<View> {
  for (let waited = 0; ; waited += 20) {
    const view = await going.view();
    if (ENDED.has(view.status)) return view;
    assert.ok(waited < PATIENCE_MS, `Expected the execution to end, but: ${show(view)}`);
    await pause(waited < 200 ? 20 : 50);
  }
}

function compare(run: Run, going: Going, view: View): void {
  const about = show(view);
  assert.equal(view.status, run.status ?? "completed", about);
  if (run.output !== undefined) assert.deepEqual(view.output, run.output, about);
  if (typeof run.error === "string") assert.equal(view.error?.["code"], run.error, about);
  else if (run.error !== undefined) assert.partialDeepStrictEqual(view.error, run.error, about);
  if (run.steps !== undefined) {
    const told = view.steps.map((step) => `${step.path} ${stateOf(step)}`);
    assert.deepEqual(told.sort(), run.steps.split(/\s*;\s*/).sort(), about);
  }
  for (const [path, output] of Object.entries(run.outputs ?? {})) {
    assert.deepEqual(view.steps.find((step) => step.path === path)?.output, output, `${path}: ${about}`);
  }
  if (run.calls !== undefined)
    assert.deepEqual(
      inGroups(
        run.calls,
        going.tasks.map(({ path }) => path),
      ),
      run.calls,
      about,
    );
}

/** `failed CODE`, `skipped condition`, `completed fallback`, or the bare status. */
function stateOf(step: StepView): string {
  const more = step.status === "failed" ? step.error?.["code"] : (step.reason ?? (step.fallback ? "fallback" : null));
  return more === null || more === undefined ? step.status : `${step.status} ${more}`;
}

/** The called paths, those that may come in any order sorted. */
function inGroups(expected: string, paths: readonly string[]): string {
  const left = [...paths];
  const groups = expected.split(" ").filter((group) => group !== "");
  const taken = groups.map((group) => left.splice(0, group.split(",").length).sort().join(","));
  return [...taken, ...left].join(" ");
}

function show(view: View): string {
  const steps = view.steps.map((step) => `${step.path} ${stateOf(step)} ${JSON.stringify(step.output)}`);
  return [`${view.status} ${JSON.stringify(view.output)} ${JSON.stringify(view.error)}`, ...steps].join("\n");
}

/** That nothing but these has been called by now: looked at after something that came later in the same decision. */
export function called(going: Going, ...paths: readonly string[]): void {
  assert.deepEqual(going.tasks.map(({ path }) => path).sort(), [...paths].sort());
}

/** The output of a step that gave an object. */
export function outputOf(view: View, path: string): JsonObject {
  const output = view.steps.find((step) => step.path === path)?.output;
  assert.ok(isObject(output), `Expected ${path} to have an output, but: ${show(view)}`);
  return output;
}

export async function register(world: World, name: string, yaml: string, says: string): Promise<Answer> {
  const answer = await world.platform.send("POST", "/workflows", documentOf(world, name, yaml));
  assert.ok(answer.status < 300, `${says}: ${JSON.stringify(answer.body["errors"] ?? answer.body, null, 1)}`);
  return answer;
}

export async function tryDiagnosis(world: World, name: string, diagnosis: Diagnosis): Promise<void> {
  const { body } = await world.platform.send("POST", "/workflows/validate", documentOf(world, name, diagnosis.yaml));
  const found = (body["diagnostics"] ?? []) as unknown as JsonObject[];
  const about = JSON.stringify(found, null, 1);
  const expected = diagnosis.finds.map((one) => (typeof one === "string" ? ([one] as const) : one));
  const told = found.map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(told.sort(), expected.map(([code]) => code).sort(), about);
  for (const [code, ...contents] of expected) {
    const texts = found.filter((one) => code === `${one["severity"]} ${one["code"]}`).map((one) => JSON.stringify(one));
    const fits = (text: string): boolean =>
      contents.every((content) => (typeof content === "string" ? text.includes(content) : content.test(text)));
    assert.ok(texts.some(fits), `${code} with ${contents.join(", ")}: ${about}`);
  }
  const severe = expected.some(([code]) => code.startsWith("error"));
  assert.equal(body["valid"], !severe, about);
}

export async function trySpellings(world: World, name: string, spellings: Spellings): Promise<void> {
  const first = await register(world, name, spellings.canonical, spellings.says);
  assert.equal(first.status, 201);
  for (const text of spellings.also) {
    const { status, body } = await register(world, name, text, spellings.says);
    assert.equal(status, 200, `Expected the same workflow, but got ${body["version"]} of:\n${text}`);
    assert.equal(body["version"], first.body["version"]);
  }
}

export async function tryEvaluation(world: World, evaluation: Evaluation): Promise<void> {
  for (const [expression, expected, context = {}] of evaluation.values) {
    const { status, body } = await world.platform.request("POST", "/expressions/evaluate", { expression, context });
    const about = `${expression} gave ${JSON.stringify(body)}`;
    if (expected instanceof RegExp) {
      assert.equal(status, 422, about);
      assert.equal(body["code"], "EXPRESSION_ERROR", about);
      assert.match(body["detail"] as string, expected, about);
    } else {
      assert.equal(status, 200, about);
      assert.deepEqual(body["value"], expected, about);
    }
  }
}

/** The whole document of what a case writes in short. */
export function documentOf(world: World, name: string, text: string): string {
  const body = outdent(text).replaceAll("NAME", name).replaceAll("WEB", world.web);
  if (/^"?(kind|apiVersion)|^[{[].*kind/m.test(body)) return body;
  const spec = body.startsWith("- ") ? `steps:\n${indent(body)}` : body;
  return `apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n${indent(spec)}\n`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function outdent(text: string): string {
  const lines = text
    .replace(/^\s*\n/, "")
    .trimEnd()
    .split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin)).join("\n");
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const ac = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: ac.signal }).then(
    () => Promise.reject(new Error(`Expected ${what}, but it did not come.`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    ac.abort();
  }
}
