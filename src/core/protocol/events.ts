/** Events of the workspace: what wakes executions that wait for them. */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import { AnyJson, CLOSED, LIMIT_MAX, type Message, message } from "./message.ts";
import type { Route } from "./route.ts";

/** An event in the form of the platform. The name may also be called `event` or `type`, as steps and envelopes do. */
export interface PlainEvent {
  readonly name?: string;
  readonly event?: string;
  readonly type?: string;
  readonly data?: Json;
  readonly correlation_key?: string | number | null;
  readonly id?: string;
}

const KEY = Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Null()]);
const EVENT_NAME = { minLength: 1, maxLength: 200 };

export const PlainEvent: Message<PlainEvent> = message<PlainEvent>("Event")(
  Type.Object(
    {
      name: Type.Optional(Type.String(EVENT_NAME)),
      event: Type.Optional(Type.String({ ...EVENT_NAME, description: "Another word for `name`." })),
      type: Type.Optional(Type.String({ ...EVENT_NAME, description: "Another word for `name`." })),
      data: Type.Optional(AnyJson),
      correlation_key: Type.Optional(KEY),
      id: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: "An event with an id that was seen before changes nothing.",
        }),
      ),
    },
    CLOSED,
  ),
);

/** CloudEvents 1.0 in structured mode. Extensions are allowed; `correlationkey` is ours. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly data?: Json;
  readonly data_base64?: string;
  readonly correlationkey?: string | number;
}

export const CloudEvent: Message<CloudEvent> = message<CloudEvent>("CloudEvent")(
  Type.Object({
    specversion: Type.Literal("1.0"),
    id: Type.String({ minLength: 1, maxLength: 500 }),
    source: Type.String({ minLength: 1, maxLength: 500 }),
    type: Type.String(EVENT_NAME),
    subject: Type.Optional(Type.String({ maxLength: 1000 })),
    time: Type.Optional(Type.String({ format: "date-time" })),
    datacontenttype: Type.Optional(Type.String()),
    data: Type.Optional(AnyJson),
    data_base64: Type.Optional(Type.String()),
    correlationkey: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Number()])),
  }),
);

export type EventInput = PlainEvent | CloudEvent;

export type PublishRequest = EventInput | readonly EventInput[] | { readonly events: readonly EventInput[] };

const ONE = Type.Union([PlainEvent, CloudEvent]);
const MANY = Type.Array(ONE, { minItems: 1, maxItems: LIMIT_MAX });

export const PublishRequest: Message<PublishRequest> = message<PublishRequest>("PublishRequest")(
  Type.Unsafe<PublishRequest>(Type.Union([ONE, MANY, Type.Object({ events: MANY }, CLOSED)])),
);

export interface PublishAnswer {
  readonly events: readonly { readonly id: string; readonly name: string }[];
}

export const PublishAnswer: Message<PublishAnswer> = message<PublishAnswer>("PublishAnswer")(
  Type.Object({ events: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })) }),
);

export const publishEvents: Route<object, object, PublishRequest> = {
  method: "POST",
  path: "/api/v1/events",
  operationId: "publishEvents",
  tag: "events",
  summary: "Publish one event or several",
  description:
    "Plain events, or CloudEvents 1.0 in structured, batched or binary mode. An event wakes every wait that names it and whose correlation equals its key.",
  permission: "events:publish",
  params: null,
  query: null,
  body: {
    schema: PublishRequest,
    isRequired: true,
    isCheckedByHandler: true,
    size: "batch",
    otherTypes: ["application/cloudevents+json", "application/cloudevents-batch+json"],
  },
  answers: { 202: { description: "All are kept, and the waits that fit are being woken.", schema: PublishAnswer } },
  problems: ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "OVERLOADED"],
};
