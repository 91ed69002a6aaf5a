/**
 * The API document of the running program, as a measure of what it answers.
 *
 * Every answer must be one that its operation declares, by status and type, and fit the schema given there. Operations
 * that were seen to do what they are for are remembered, so that a file of cases can say that it has met all of them.
 */

import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { isObject, type Json, type JsonObject } from "../../src/core/base/json.ts";

export interface Contract {
  readonly document: JsonObject;
  /** Ids of the operations that have answered as they should. */
  readonly answered: ReadonlySet<string>;
  readonly operations: readonly Operation[];
  /** Compiles the schema at this place of the document. */
  compile(place: readonly string[]): ValidateFunction;
  check(method: string, address: string, answer: Answered): void;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly definition: JsonObject;
}

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function readContract(url: string): Promise<Contract> {
  const document = (await (await fetch(url)).json()) as JsonObject;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, "api");
  const operations = operationsOf(document);
  const answered = new Set<string>();
  const validators = new Map<string, ValidateFunction>();

  /** By reference into the document, so that what it refers to is found. */
  function compile(place: readonly string[]): ValidateFunction {
    const pointer = place.map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const known = validators.get(pointer);
    if (known !== undefined) return known;
    const validator = ajv.compile({ $ref: `api#/${pointer}` });
    validators.set(pointer, validator);
    return validator;
  }

  return {
    document,
    answered,
    operations,
    compile,
    check(method, address, { status, headers, text }) {
      const [path = ""] = address.split("?");
      const operation = operations.find((one) => one.method === method && fits(one.path, path));
      const about = `${method} ${address}: ${status} ${text.slice(0, 500)}`;
      const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
      if (status >= 400) {
        assert.equal(type, "application/problem+json", about);
        valid(compile(["components", "schemas", "Problem"]), JSON.parse(text), about);
      }
      if (operation === undefined) return;
      const responses = operation.definition["responses"] as JsonObject;
      const declared = responses[String(status)];
      // Some problems may befall any request: they are not repeated with every operation.
      if (!isObject(declared)) return assert.ok([405, 408, 414, 431].includes(status), `not declared: ${about}`);
      const content = declared["content"] as JsonObject | undefined;
      if (content === undefined) assert.equal(text, "", about);
      else assert.ok(isObject(content[type]), `${type} is not declared: ${about}`);
      if (content !== undefined && /[/+]json\b/.test(type)) {
        const method = operation.method.toLowerCase();
        const place = ["paths", operation.path, method, "responses", String(status), "content", type, "schema"];
        valid(compile(place), JSON.parse(text), about);
      }
      if (status < 300) answered.add(operation.id);
    },
  };
}

function valid(validator: ValidateFunction, value: Json, about: string): void {
  assert.ok(validator(value), `${about}\n${JSON.stringify(validator.errors, null, 1)}`);
}

function operationsOf(document: JsonObject): readonly Operation[] {
  return Object.entries(document["paths"] as JsonObject).flatMap(([path, methods]) =>
    Object.entries(methods as JsonObject).map(([method, definition]) => ({
      id: String((definition as JsonObject)["operationId"]),
      method: method.toUpperCase(),
      path,
      definition: definition as JsonObject,
    })),
  );
}

function fits(template: string, path: string): boolean {
  const [wanted, met] = [template.split("/"), path.split("/")];
  return wanted.length === met.length && wanted.every((part, i) => part.startsWith("{") || part === met[i]);
}
