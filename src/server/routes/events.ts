/**
 * Events of the workspace, plain or as CloudEvents 1.0.
 *
 *     structured   the envelope is the body (`specversion` stands in it)
 *     batched      a list of envelopes
 *     binary       the envelope is in `ce-` headers, the body is the data
 */

import type { IncomingHttpHeaders } from "node:http";
import { isObject, type Json, type JsonObject, member } from "../../core/base/json.ts";
import { CloudEvent, PlainEvent, publishEvents } from "../../core/protocol/events.ts";
import { LIMIT_MAX } from "../../core/protocol/message.ts";
import type { ProblemError } from "../../core/protocol/problems.ts";
import { json, problem, refused } from "../answer.ts";
import { createValidator } from "../validation.ts";
import type { RouteContext } from "./context.ts";
import { keyOf } from "./starts.ts";

interface Incoming {
  /** As it is told to the host: what was seen before is known by it. */
  readonly id: string;
  /** As the caller gave it. */
  readonly shownId: string;
  readonly name: string;
  readonly data: Json;
  readonly correlationKey: string | null;
}

type Read =
  | { readonly ok: true; readonly event: Incoming }
  | { readonly ok: false; readonly errors: readonly ProblemError[] };

export function bindEvents({ binder, host, entropy }: RouteContext): void {
  const plain = createValidator(PlainEvent, "");
  const cloud = createValidator(CloudEvent, "");

  function readEvent(value: unknown, newId: () => string): Read {
    if (isObject(value) && Object.hasOwn(value, "specversion")) {
      const errors = cloud.check(value, 0);
      return errors.length === 0 ? fromCloudEvent(value as unknown as CloudEvent) : { ok: false, errors };
    }
    const errors = plain.check(value, 0);
    return errors.length === 0 ? fromPlainEvent(value as PlainEvent, newId) : { ok: false, errors };
  }

  binder.bind(publishEvents, async ({ workspace, body, headers }) => {
    const list = listOf(body, headers);
    if (list.values.length === 0 || list.values.length > LIMIT_MAX) {
      const detail = `Expected 1 to ${LIMIT_MAX} events, but there are ${list.values.length}.`;
      return problem("BAD_REQUEST", detail, [{ pointer: list.pointer, detail }]);
    }
    // Published twice under one key, events without ids of their own are the same ones.
    const key = keyOf(headers);
    const read = list.values.map((value, i) => readEvent(value, () => (key === null ? entropy.id() : `${key}:${i}`)));
    const errors = read.flatMap((one, i) =>
      one.ok
        ? []
        : one.errors.map((error) => ({
            ...error,
            pointer: `${list.isSingle ? "" : `${list.pointer}/${i}`}${error.pointer}`,
          })),
    );
    const [first] = errors;
    if (first !== undefined)
      return problem("BAD_REQUEST", `${first.pointer === "" ? "" : `${first.pointer}: `}${first.detail}`, errors);
    const events = read.flatMap((one) => (one.ok ? [one.event] : []));
    const outcomes = await Promise.all(events.map(({ shownId: _, ...event }) => host.publish({ workspace, ...event })));
    // Nothing is refused for what it is, only for want of room: sent again, the events that were taken are known by their ids.
    for (const outcome of outcomes) if (!outcome.ok) return refused(outcome.refusal);
    return json(202, { events: events.map(({ shownId, name }) => ({ id: shownId, name })) });
  });
}

function listOf(
  body: unknown,
  headers: IncomingHttpHeaders,
): { readonly values: readonly unknown[]; readonly pointer: string; readonly isSingle: boolean } {
  if (headers["ce-specversion"] !== undefined)
    return { values: [binaryEvent(body, headers)], pointer: "", isSingle: true };
  if (Array.isArray(body)) return { values: body, pointer: "", isSingle: false };
  const events = isObject(body) ? member(body, "events") : undefined;
  if (Array.isArray(events)) return { values: events, pointer: "/events", isSingle: false };
  return { values: [body], pointer: "", isSingle: true };
}

function binaryEvent(data: unknown, headers: IncomingHttpHeaders): JsonObject {
  const event: Record<string, Json> = { data: data as Json };
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith("ce-") || typeof value !== "string") continue;
    event[name.slice(3)] = decoded(value);
  }
  return event;
}

/** Header values of CloudEvents are percent-encoded; what is not well formed is taken as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function fromPlainEvent(event: PlainEvent, newId: () => string): Read {
  const names = [event.name, event.event, event.type].filter((name) => name !== undefined);
  const [name, second] = names;
  if (name === undefined || second !== undefined) {
    const detail =
      name === undefined
        ? 'Expected "name" to be given, but it is missing.'
        : 'Expected one of "name", "event" and "type", but there are several.';
    return { ok: false, errors: [{ pointer: "/name", detail }] };
  }
  const id = event.id ?? newId();
  const key = event.correlation_key ?? null;
  return {
    ok: true,
    event: { id, shownId: id, name, data: event.data ?? null, correlationKey: key === null ? null : String(key) },
  };
}

/** A CloudEvent is the same if source and id are the same; its key is our extension, else the subject. */
function fromCloudEvent(event: CloudEvent): Read {
  const key = event.correlationkey ?? event.subject ?? null;
  return {
    ok: true,
    event: {
      id: `${event.source} ${event.id}`,
      shownId: event.id,
      name: event.type,
      data: event.data ?? event.data_base64 ?? null,
      correlationKey: key === null ? null : String(key),
    },
  };
}
