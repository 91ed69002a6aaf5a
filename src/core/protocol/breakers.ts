/** Circuit breakers on the wire: how they are, what made them so, and who waits for them. */

import { Type } from "typebox";
import type { BreakerPhase } from "../engine/circuit.ts";
import {
  type Message,
  message,
  orNull,
  PAGE_QUERY,
  type Page,
  type PageQuery,
  page,
  time,
  unnamed,
} from "./message.ts";
import type { Route } from "./route.ts";

const STATE = Type.Enum(["closed", "open", "half_open"]);

/** One that does not count any more is closed. */
export interface BreakerMessage {
  /** `{executor}/{function}`, `service/{name}`, the origin of an address, or `{type}/{connection}`. */
  readonly target: string;
  readonly state: BreakerPhase;
  readonly since: string | null;
  readonly until: string | null;
  readonly failures: number;
  readonly window: { readonly seconds: number; readonly calls: number; readonly failures: number };
  readonly settings: BreakerSettingsMessage | null;
  readonly declared_by: { readonly workflow: string; readonly version: string; readonly step: string } | null;
  readonly half_open: {
    readonly calls_max: number;
    readonly calls_out: number;
    readonly succeeded: number;
    readonly calls: readonly BreakerCaller[];
  } | null;
  readonly waiting: number;
  readonly line: readonly BreakerCaller[];
  readonly transitions: readonly BreakerTransitionMessage[];
}

export interface BreakerSettingsMessage {
  readonly failure_threshold: number;
  readonly failure_rate_threshold: number | null;
  readonly recovery_timeout: number;
  readonly half_open_max_calls: number;
}

export interface BreakerCaller {
  readonly task_id: string;
  readonly execution_id: string;
  readonly path: string;
  readonly attempt: number;
  readonly since: string;
}

export interface BreakerTransitionMessage {
  readonly at: string;
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly reason: string;
}

const CALLER: Message<BreakerCaller> = message<BreakerCaller>("CircuitBreakerCaller")(
  Type.Object({
    task_id: Type.String(),
    execution_id: Type.String(),
    path: Type.String(),
    attempt: Type.Integer(),
    since: time("Since when it is out, or stands in line."),
  }),
);

export const BreakerMessage: Message<BreakerMessage> = message<BreakerMessage>("CircuitBreaker")(
  Type.Object({
    target: Type.String({
      description:
        "What it guards: `{executor}/{function}`, `service/{name}`, the origin of an address, or `{type}/{connection}`.",
    }),
    state: Type.Enum(["closed", "open", "half_open"]),
    since: orNull(time("Since when it is so; null: it has never been anything but closed.")),
    until: orNull(time("While open: when it lets calls through to see.")),
    failures: Type.Integer({ description: "While closed: failures in a row." }),
    window: Type.Object(
      { seconds: Type.Integer(), calls: Type.Integer(), failures: Type.Integer() },
      { description: "While closed, where the share of failures counts: calls that ended lately." },
    ),
    settings: orNull(
      Type.Object(
        {
          failure_threshold: Type.Integer(),
          failure_rate_threshold: orNull(Type.Number()),
          recovery_timeout: Type.Number({ description: "In seconds." }),
          half_open_max_calls: Type.Integer(),
        },
        { description: "Those in force; null: no active version declares it, and nothing was counted." },
      ),
    ),
    declared_by: orNull(
      Type.Object(
        { workflow: Type.String(), version: Type.String(), step: Type.String() },
        { description: "The newest active version that declares it, whose settings are in force." },
      ),
    ),
    half_open: orNull(
      Type.Object(
        {
          calls_max: Type.Integer({ description: "How many calls have to succeed." }),
          calls_out: Type.Integer({ description: "How many are out." }),
          succeeded: Type.Integer(),
          calls: Type.Array(CALLER),
        },
        { description: "Null unless it is half open." },
      ),
    ),
    waiting: Type.Integer({ description: "How many stand in line, because their steps have `on_open: wait`." }),
    line: Type.Array(CALLER, { description: "The first 100 of them." }),
    transitions: Type.Array(
      Type.Object({
        at: time("When."),
        from: STATE,
        to: STATE,
        reason: Type.String({ description: "Why; of a reset, by whom." }),
      }),
      { description: "The last 50 changes, oldest first." },
    ),
  }),
);

export const BreakerPage: Message<Page<BreakerMessage>> = page("CircuitBreakerPage", BreakerMessage);

export interface BreakerQuery extends PageQuery {
  readonly state?: BreakerPhase;
}

export const BreakerQuery: Message<BreakerQuery> = unnamed<BreakerQuery>()(
  Type.Object({
    ...PAGE_QUERY,
    state: Type.Optional(Type.Enum(["closed", "open", "half_open"], { description: "Only those that are so." })),
  }),
);

export interface BreakerParams {
  readonly target: string;
}

export const BreakerParams: Message<BreakerParams> = unnamed<BreakerParams>()(
  Type.Object({
    target: Type.String({
      minLength: 1,
      maxLength: 2000,
      description: "The target, URL-encoded: `shop%2Fcharge`, `https%3A%2F%2Fapi.example.com`.",
    }),
  }),
);

export const listBreakers: Route<object, BreakerQuery, unknown> = {
  method: "GET",
  path: "/api/v1/circuit-breakers",
  operationId: "listCircuitBreakers",
  tag: "tasks",
  summary: "List circuit breakers",
  description: "Those that active versions declare, and those that have counted something, by target.",
  permission: "executors:read",
  params: null,
  query: BreakerQuery,
  body: null,
  answers: { 200: { description: "One page of circuit breakers.", schema: BreakerPage } },
  problems: [],
};

export const readBreaker: Route<BreakerParams, object, unknown> = {
  method: "GET",
  path: "/api/v1/circuit-breakers/{target}",
  operationId: "readCircuitBreaker",
  tag: "tasks",
  summary: "Read one circuit breaker",
  permission: "executors:read",
  params: BreakerParams,
  query: null,
  body: null,
  answers: { 200: { description: "The circuit breaker.", schema: BreakerMessage } },
  problems: ["BREAKER_NOT_FOUND"],
};

export const resetBreaker: Route<BreakerParams, object, unknown> = {
  method: "POST",
  path: "/api/v1/circuit-breakers/{target}/reset",
  operationId: "resetCircuitBreaker",
  tag: "tasks",
  summary: "Close a circuit breaker by hand",
  description: "Whoever stands in line goes on. Who did it stands in the last of its transitions.",
  permission: "breakers:reset",
  params: BreakerParams,
  query: null,
  body: null,
  answers: { 200: { description: "The circuit breaker as it is now.", schema: BreakerMessage } },
  problems: ["BREAKER_NOT_FOUND"],
};
