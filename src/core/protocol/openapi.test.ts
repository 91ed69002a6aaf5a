import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, type Json, type JsonObject } from "../base/json.ts";
import { toOpenApi } from "./openapi.ts";
import { PROBLEMS } from "./problems.ts";
import { ROUTES } from "./routes.ts";

const document = toOpenApi({ version: "1.2.3", serverUrl: "/" });

test("every route is an operation with an id of its own", () => {
  const ids = ROUTES.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(ROUTES.map(({ method, path }) => `${method} ${path}`)).size, ROUTES.length);
  for (const { path, method, operationId } of ROUTES.filter(({ tag }) => tag !== "pages")) {
    const operation = (document.paths as Record<string, JsonObject>)[path]?.[method.toLowerCase()];
    assert.equal((operation as JsonObject | undefined)?.operationId, operationId);
  }
});

test("parameters of paths are declared as they stand there", () => {
  for (const { path, params } of ROUTES) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = isObject(params) && isObject(params.properties) ? Object.keys(params.properties) : [];
    assert.deepEqual(declared.toSorted(), inPath.toSorted(), path);
  }
});

test("every reference leads to a component, and names do not stand for two things", () => {
  const { schemas } = document.components as { schemas: Record<string, Json> };
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  assert.ok(references.length > 50);
  for (const [, name = ""] of references) assert.ok(Object.hasOwn(schemas, name), name);
  const seen = new Map<string, string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    if (typeof value.title === "string") {
      const text = JSON.stringify(value);
      assert.equal(seen.get(value.title) ?? text, text, value.title);
      seen.set(value.title, text);
    }
    Object.values(value).forEach(visit);
  };
  visit(ROUTES);
});

test("requests to change something are closed: a slip of the pen is refused", () => {
  const open: string[] = [];
  for (const { body, operationId } of ROUTES) {
    if (body === null || body.isCheckedByHandler === true) continue;
    if ((body.schema as unknown as JsonObject).additionalProperties !== false) open.push(operationId);
  }
  assert.deepEqual(open, []);
});

test("problems have a status that fits and words", () => {
  for (const [code, { status, title, help }] of Object.entries(PROBLEMS)) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
    assert.ok(title.length > 0 && help.length > 0, code);
  }
});
