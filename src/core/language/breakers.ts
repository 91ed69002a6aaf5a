/**
 * Which circuit breaker a step has: one for each executor's function, service or address of a workspace, shared by all that
 * call it. Where only data tells which one, the step itself says so when it runs.
 */

import { equals, isObject, type Json, type JsonObject, member } from "../base/json.ts";
import { quote } from "../base/text.ts";
import type { CircuitBreaker, Definition, Step } from "./definition.ts";
import type { Outline } from "./outline.ts";
import { field, type Place, toJson } from "./parse/node.ts";
import type { Report } from "./report.ts";

/** One that the text tells. */
export interface DeclaredBreaker {
  readonly target: string;
  readonly step: string;
  readonly breaker: CircuitBreaker;
  /** Where it is written. */
  readonly place: Place;
}

/** Warns of steps that give one breaker different settings. */
export function declaredBreakers(definition: Definition, outline: Outline, report: Report): readonly DeclaredBreaker[] {
  const declared: DeclaredBreaker[] = [];
  const first = new Map<string, DeclaredBreaker>();
  for (const { name, node } of outline.steps) {
    const place = field(node, "circuit_breaker")?.place;
    const step = definition.steps[definition.stepByName.get(name) ?? -1];
    const breaker = step?.circuitBreaker ?? null;
    if (place === undefined || step === undefined || breaker === null) continue;
    const target = declaredTargetOf(definition, step, toJson(node) as JsonObject);
    if (target === null) continue;
    const own = { target, step: name, breaker, place };
    declared.push(own);
    const earlier = first.get(target) ?? own;
    first.set(target, earlier);
    if (!haveEqualSettings(earlier.breaker, breaker)) {
      report.add("breaker-differs", { step: name, target, other: `step ${quote(earlier.step)}` }, place, name);
    }
  }
  return declared;
}

/** What a step does itself while it is open is its own affair. */
export function haveEqualSettings(a: Omit<CircuitBreaker, "onOpen">, b: Omit<CircuitBreaker, "onOpen">): boolean {
  return equals({ ...a, onOpen: "fail" }, { ...b, onOpen: "fail" });
}

/**
 * What a breaker is for: an executor's function, a service, or an address. `input` is what the task is given; without it
 * (null) the answer is what the definition alone says, null where only data tells.
 */
export function targetOf(
  definition: { readonly name: string },
  { name, type, spec }: Step,
  input: Json | null,
): string | null {
  switch (spec.kind) {
    case "function":
      return `${spec.executor}/${spec.function}`;
    case "script":
      return `script/${spec.language}`;
    case "http": {
      const request = input ?? spec.request.constant;
      return request === undefined ? null : (targetOfRequest(request) ?? `http/${definition.name}/${name}`);
    }
    case "external": {
      const config = input === null ? spec.config.constant : isObject(input) ? member(input, "config") : undefined;
      return config === undefined ? null : (targetOfConfig(type, config) ?? `${type}/${definition.name}/${name}`);
    }
    default:
      return null;
  }
}

function targetOfRequest(request: Json): string | null {
  if (!isObject(request)) return null;
  const service = member(request, "service");
  if (typeof service === "string") return `service/${service}`;
  const url = member(request, "url");
  return typeof url === "string" ? originOf(url) : null;
}

/** The fields that say where a step of another type goes, the most telling first. */
const PLACES = ["connection", "broker", "address", "url"] as const;

function targetOfConfig(type: string, config: Json): string | null {
  if (!isObject(config)) return null;
  for (const name of PLACES) {
    const place = member(config, name);
    if (typeof place === "string" && place !== "")
      return `${type}/${name === "url" ? (originOf(place) ?? place) : place}`;
  }
  return null;
}

/**
 * What the text of a step says of its target; null where only data tells. `written` is the step as it stands in the
 * canonical form: of an address with data in it the beginning is enough.
 */
function declaredTargetOf(definition: { readonly name: string }, step: Step, written: JsonObject): string | null {
  if (step.spec.kind !== "http" && step.spec.kind !== "external") return targetOf(definition, step, null);
  const fields: Record<string, Json> = {};
  for (const name of ["service", ...PLACES]) {
    const text = member(written, name);
    if (typeof text !== "string" || text === "") continue;
    const literal =
      name === "url" ? (/^[^$]*?:\/\/[^$/?#]+(?=[/?#]|$)/.exec(text)?.[0] ?? null) : text.includes("$") ? null : text;
    // The first of them decides, so that what is behind an evaluated one says nothing.
    if (literal === null) return null;
    fields[name] = literal;
  }
  if (Object.keys(fields).length === 0) return null;
  return targetOf(definition, step, step.spec.kind === "http" ? fields : { config: fields });
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

/** Without user and password, which are nobody's business, and without the port that everybody takes. */
function originOf(url: string): string | null {
  const parts = /^\s*(https?):\/\/(?:[^@/?#]*@)?([^@/?#\s]+)/i.exec(url);
  const [scheme, host] = [parts?.[1]?.toLowerCase(), parts?.[2]?.toLowerCase()];
  if (scheme === undefined || host === undefined) return null;
  const port = DEFAULT_PORTS[scheme] ?? "";
  return `${scheme}://${host.endsWith(port) ? host.slice(0, -port.length) : host}`;
}
