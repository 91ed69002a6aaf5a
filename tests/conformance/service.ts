/**
 * The real program as an operator sees it: started over a folder, killed, started again over the same folder, stopped.
 * And as a program of a customer sees it: requests with headers, raw answers, streams, tasks.
 *
 * Whatever it answers is held against its own API document, so no case has to say that an answer has the promised shape.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/core/base/json.ts";
import { type Contract, readContract } from "./contract.ts";

export const MAGICFLOW: string = join(import.meta.dirname, "..", "..", "magicflow");

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; `{}` where it is none. */
  readonly body: JsonObject;
}

export interface Task extends JsonObject {
  readonly id: string;
  readonly execution_id: string;
  readonly path: string;
  readonly attempt: number;
  readonly delivery: number;
  readonly input: Json;
}

export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly dashboardUrl: string;
  /** Where the program is started, and where its data are. */
  readonly folder: string;
  readonly contract: Contract;
  /** Everything the process has printed, both streams. */
  printed(): string;
  /** A path without a leading `/health` and the like is below `/api/v1`. Objects are sent as JSON, texts as they are. */
  call(method: string, path: string, body?: Json, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: Json, headers?: Record<string, string>): Promise<Answer>;
  /** The process dies without a chance to do anything, and another one goes on over its data. */
  crash(): Promise<void>;
  /** Asks it to stop, and answers how it ended. */
  stop(): Promise<number | null>;
  restart(): Promise<void>;
}

export async function startService(
  config = "{}",
  environment: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), "magicflow-"));
  writeFileSync(join(folder, "magicflow.yaml"), config);
  let running = await launch(folder, environment, flags);
  const contract = await readContract(`${running.url}/api/docs/openapi.json`);

  async function call(
    method: string,
    path: string,
    body?: Json,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const address = /^\/(?:api|health|ready|livez|readyz|startupz|metrics|$)/.test(path) ? path : `/api/v1${path}`;
    const isText = typeof body === "string";
    const response = await fetch(running.url + address, {
      method,
      headers: { ...(body === undefined || isText ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: /[/+]json\b/.test(type) ? (JSON.parse(text) as JsonObject) : {},
    };
    contract.check(method, address, answer);
    return answer;
  }

  return {
    get url() {
      return running.url;
    },
    get dashboardUrl() {
      return running.dashboardUrl;
    },
    folder,
    contract,
    printed: () => running.printed(),
    call,
    get: (path, headers) => call("GET", path, undefined, headers),
    post: (path, body, headers) => call("POST", path, body, headers),
    async crash() {
      await end(running.child, "SIGKILL");
      running = await launch(folder, environment, flags);
    },
    stop: () => end(running.child, "SIGTERM"),
    async restart() {
      running = await launch(folder, environment, flags);
    },
    async [Symbol.asyncDispose]() {
      await end(running.child, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly dashboardUrl: string;
  printed(): string;
}

async function launch(
  folder: string,
  environment: Readonly<Record<string, string>>,
  flags: readonly string[],
): Promise<Running> {
  const child = spawn(
    MAGICFLOW,
    ["start", "--port", "0", "--dashboard-port", "0", "--data-dir", join(folder, "data"), ...flags],
    { cwd: folder, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      // The banner is printed once all of it holds.
      if (/^\s+config\s/m.test(text)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`The platform ended with ${code} instead of starting:\n${text}`)));
  });
  await ready;
  const address = (label: string) => new RegExp(`${label}\\s+(http:\\S+)`).exec(text)?.[1] ?? assert.fail(text);
  return { child, url: address("web"), dashboardUrl: address("dashboard"), printed: () => text };
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return exited;
}

/** A workflow as a document; JSON is YAML. `version` null leaves it out. */
export function workflow(
  name: string,
  steps: readonly JsonObject[],
  spec: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject {
  return {
    apiVersion: "workflow.magic-flow.io/v2",
    kind: "Workflow",
    metadata: { name, version: "1.0.0", ...metadata },
    spec: { ...spec, steps },
  };
}

/** A step that calls the function of its own name. Cases that run side by side have an executor each. */
export function job(executor: string, name: string, more: JsonObject = {}): JsonObject {
  return { name, executor, function: name, ...more };
}

export async function register(service: Service, document: JsonObject): Promise<JsonObject> {
  const { status, body, text } = await service.post("/workflows", { yaml_content: JSON.stringify(document) });
  assert.ok(status === 200 || status === 201, text);
  return body;
}

/** Registers a workflow of these steps and starts it. Answers the execution's id. */
export async function begin(
  service: Service,
  name: string,
  steps: readonly JsonObject[],
  { spec = {}, ...start }: JsonObject & { readonly spec?: JsonObject } = {},
): Promise<string> {
  await register(service, workflow(name, steps, spec));
  return started(service, name, start);
}

export async function started(service: Service, name: string, start: JsonObject = {}): Promise<string> {
  const { status, body, text } = await service.post(`/workflows/${name}/execute`, start);
  assert.equal(status, 202, text);
  return String(body["execution_id"]);
}

/** Waits for the end, and answers what the execution then is. */
export async function ended(service: Service, id: string): Promise<JsonObject> {
  const { body } = await service.get(`/executions/${id}/results?wait=20s`);
  assert.notEqual(body["finished_at"], null, `Expected ${id} to have ended, but it is ${body["status"]}.`);
  return read(service, id);
}

export async function read(service: Service, id: string): Promise<JsonObject> {
  const { status, body, text } = await service.get(`/executions/${id}`);
  assert.equal(status, 200, text);
  return body;
}

export async function history(service: Service, id: string): Promise<readonly JsonObject[]> {
  const { body } = await service.get(`/executions/${id}/history?limit=1000`);
  return body["events"] as JsonObject[];
}

export function stepOf(execution: JsonObject, path: string): JsonObject {
  const steps = execution["steps"] as JsonObject[];
  const step = steps.find((candidate) => candidate["path"] === path);
  return step ?? assert.fail(`no step "${path}" in ${JSON.stringify(steps.map((one) => one["path"]))}`);
}

/** The tasks of an executor that come within a while; it waits for the first. */
export async function poll(service: Service, executor: string, more: JsonObject = {}): Promise<readonly Task[]> {
  const request = { executor, instance: "one", wait_ms: 10_000, ...more };
  const { status, body, text } = await service.post("/tasks/poll", request);
  assert.equal(status, 200, text);
  return body["tasks"] as unknown as Task[];
}

/** The next task of an executor, which must come. */
export async function take(service: Service, executor: string, more: JsonObject = {}): Promise<Task> {
  const [task] = await poll(service, executor, { max_tasks: 1, ...more });
  return task ?? assert.fail("Expected a task to come, but none did.");
}

/** Reports one result and answers its outcome. */
export async function answer(service: Service, taskId: string, more: JsonObject = { output: {} }): Promise<string> {
  const status = "error" in more ? "failed" : "completed";
  const result = { task_id: taskId, status, ...more };
  const { status: code, body, text } = await service.post("/tasks/results", { results: [result] });
  assert.equal(code, 200, text);
  return String((body["results"] as JsonObject[])[0]?.["outcome"]);
}

/** What is wrong, as a program reads it: the status, the code, and where. */
export function problem({ status, body }: Answer): readonly [number, string, ...string[]] {
  const errors = (body["errors"] ?? []) as JsonObject[];
  return [status, String(body["code"]), ...errors.map((error) => String(error["pointer"]))];
}

/** What stands at a place; undefined where there is nothing. */
export function within(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, name) => (typeof inner === "object" && inner !== null ? (inner as JsonObject)[name] : undefined),
    value,
  );
}

/** The names that an object lacks; a member that is null is there. */
export function lacking(object: Json | undefined, names: string): readonly string[] {
  return names.split(" ").filter((name) => !Object.hasOwn(object as JsonObject, name));
}

export const RFC3339: RegExp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
