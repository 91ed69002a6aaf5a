/**
 * One story about the platform, as a file: workflows, what happens to an execution of them, and what is to be seen.
 *
 * The same file is played at several levels (see `stage.ts`), at each in its own time: durations are written as people
 * would write them and are divided by `scale` where real time has to pass. Strings may name what differs from level to
 * level in braces: `{shop}` is executor `shop`, `{child}` the workflow `child`, `{main}` the id of the execution `main`.
 */

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "yaml";
import { parseDuration } from "../../src/core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";

export const LEVELS = ["engine", "host", "process"] as const;
export type Level = (typeof LEVELS)[number];

export interface Scenario {
  /** `time-outs/step-retry` */
  readonly name: string;
  /** One sentence about behaviour. */
  readonly shows: string;
  readonly levels: readonly Level[];
  /** The texts to register, children first. */
  readonly workflows: readonly string[];
  /** Name of the workflow that is started where the story does not say. */
  readonly main: string;
  /** Of a configuration file; an empty one asks for nothing special. */
  readonly settings: JsonObject;
  readonly story: readonly JsonObject[];
  /** What stands for what in braces. */
  readonly names: ReadonlyMap<string, string>;
  /** How much faster than written time passes. */
  readonly scale: number;
}

/** By how much the real process is faster: ten seconds take a quarter of one. */
export const PROCESS_SCALE = 40;

/**
 * What strikes in a story is at most two minutes long, what must not strike is an hour or longer: faster by the factor
 * above, a busy machine still has a minute and a half before anything strikes that should not.
 */
const STRIKES_MS_MAX = 120_000;
const NEVER_MS_MIN = 3_600_000;

const FIELDS: ReadonlySet<string> = new Set([
  "shows",
  "levels",
  "workflow",
  "workflows",
  "settings",
  "story",
  "expect",
]);

/** The places of all scenario files below this folder. */
export function scenarioFiles(): readonly string[] {
  const found = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  return found.filter((file) => file.endsWith(".yaml")).sort();
}

export function readScenario(file: string, level: Level): Scenario {
  const content: unknown = parse(readFileSync(join(import.meta.dirname, file), "utf8"));
  const name = join(dirname(file), basename(file, ".yaml"));
  const bad = (message: string): never => {
    throw new Error(`${relative(process.cwd(), join(import.meta.dirname, file))}: ${message}`);
  };
  if (!isObject(content)) return bad("Expected an object.");
  const unknown = Object.keys(content).filter((key) => !FIELDS.has(key));
  if (unknown.length > 0) bad(`Expected only ${[...FIELDS].join(", ")}, but met ${unknown.join(", ")}.`);
  const specs = isObject(content["workflows"]) ? content["workflows"] : { main: content["workflow"] ?? null };
  const scale = level === "process" ? PROCESS_SCALE : 1;
  const prefix = name.replaceAll(/[^a-z0-9]+/g, "-");
  const workflows = new Map(Object.keys(specs).map((key) => [key, key === "main" ? prefix : `${prefix}-${key}`]));
  const executors = executorsIn(specs);
  const names = new Map([
    ["key", prefix] as const,
    ...[...executors].map((executor) => [executor, `${executor}-${prefix}`] as const),
    ...workflows,
  ]);
  const toText = ([key, spec]: [string, Json]) =>
    JSON.stringify({
      apiVersion: "workflow.magic-flow.io/v2",
      kind: "Workflow",
      metadata: { name: workflows.get(key), version: "1.0.0" },
      spec: renamed(atScale(spec, scale, bad), workflows, executors, prefix),
    });
  const last = content["expect"] === undefined ? [] : [{ until: content["expect"] }];
  const story = [...(Array.isArray(content["story"]) ? (content["story"] as Json[]) : []), ...last];
  return {
    name,
    shows: typeof content["shows"] === "string" ? content["shows"] : bad('Expected "shows": one sentence.'),
    levels: Array.isArray(content["levels"]) ? (content["levels"] as Level[]) : LEVELS,
    // A child is registered before who starts it.
    workflows: Object.entries(specs).map(toText).reverse(),
    main: workflows.get("main") ?? bad("Expected a workflow, or workflows with one called main."),
    settings: (atScale(content["settings"] ?? {}, scale, bad) ?? {}) as JsonObject,
    story: story.map((entry) => (isObject(entry) ? entry : bad(`Expected a step of the story, but met ${entry}.`))),
    names,
    scale,
  };
}

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;

/** All durations in it divided. */
export function atScale(value: Json, scale: number, bad: (message: string) => never = refuse): Json {
  if (typeof value === "string" && DURATION.test(value)) {
    const ms = parseDuration(value) ?? 0;
    if (ms > STRIKES_MS_MAX && ms < NEVER_MS_MIN)
      bad(`Expected ${value} to be at most 2m where it strikes, and at least 1h where it must not.`);
    return scale === 1 ? value : `${Math.max(1, Math.round(ms / scale))}ms`;
  }
  if (Array.isArray(value)) return value.map((item: Json) => atScale(item, scale, bad));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === "retry_after" && typeof item === "number" ? item / scale : atScale(item, scale, bad),
    ]),
  );
}

function refuse(message: string): never {
  throw new Error(message);
}

function executorsIn(value: Json): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (inner: Json): void => {
    if (Array.isArray(inner)) return inner.forEach(look);
    if (!isObject(inner)) return;
    for (const [key, item] of Object.entries(inner)) {
      if (key === "executor" && typeof item === "string") found.add(item);
      else look(item);
    }
  };
  look(value);
  return found;
}

/** Names of its own for every scenario, so that all can be played on one platform side by side. */
function renamed(
  value: Json,
  workflows: ReadonlyMap<string, string>,
  executors: ReadonlySet<string>,
  prefix: string,
): Json {
  const rename = (inner: Json): Json => {
    if (Array.isArray(inner)) return inner.map(rename);
    if (!isObject(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, item]) => {
        if (key === "executor" && typeof item === "string" && executors.has(item)) return [key, `${item}-${prefix}`];
        if (key === "workflow" && typeof item === "string") return [key, workflows.get(item) ?? item];
        return [key, rename(item)];
      }),
    );
  };
  return rename(value);
}
