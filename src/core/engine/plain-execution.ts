/** An execution as plain data, to compare: without working lists, and with paths where it refers to steps. */

import type { JsonObject } from "../base/json.ts";
import type { Execution, Inner, ScopeState, StepState } from "./execution.ts";

/** Everything that counts: equal histories give equal plain forms. */
export function toPlain(execution: Execution): JsonObject {
  const { agenda: _agenda, timers: _timers, root, steps: _steps, eventWaits, ...others } = execution;
  const { undoable, compensation, fallback, errorSteps, ...rest } = others;
  return plain({
    ...rest,
    undoable: undoable.map((step) => step.path),
    errorSteps: { ...errorSteps, running: errorSteps.running === null ? null : plainScope(errorSteps.running) },
    fallback: fallback === null ? null : plainScope(fallback),
    compensation:
      compensation === null
        ? null
        : {
            next: compensation.next,
            ended: compensation.ended,
            steps: compensation.steps.map((step) => step.path),
            running: [...compensation.running].map(([place, scope]) => [place, plainScope(scope)]),
          },
    root: root === null ? null : plainScope(root),
    eventWaits: [...eventWaits].map((step) => step.path),
  }) as JsonObject;
}

function plainScope(scope: ScopeState): object {
  const { owner, parent: _parent, ready: _ready, steps, failurePath, ...rest } = scope;
  return {
    ...rest,
    owner: owner?.path ?? null,
    failurePath: failurePath === null ? null : plainScope(failurePath),
    steps: steps.map(plainStep),
  };
}

function plainStep(step: StepState): object {
  const { scope: _scope, inner, fallback, ...rest } = step;
  return {
    ...rest,
    inner: inner === null ? null : { ...inner, ...innerScopes(inner) },
    fallback: fallback === null ? null : plainScope(fallback),
  };
}

function innerScopes(inner: Inner): object {
  const nested = (scope: ScopeState | null) => (scope === null ? null : plainScope(scope));
  switch (inner.kind) {
    case "choice":
      return { scope: nested(inner.scope) };
    case "parallel":
      return { branches: inner.branches.map(nested) };
    case "loop":
      return {
        running: [...inner.running].map(([index, scope]) => [index, plainScope(scope)]),
        broken: [...inner.broken].map(([index, scope]) => [index, plainScope(scope)]),
      };
    case "try":
      return { body: nested(inner.body), catch: nested(inner.catch), finally: nested(inner.finally) };
    default:
      return {};
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, item]) => [key, plain(item)]);
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, plain(item)]),
    );
  }
  return value;
}
