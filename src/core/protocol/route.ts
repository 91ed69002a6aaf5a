/**
 * What a route is. Each is declared once, with its schemas; the server validates by it, the API document is made from it,
 * and clients are derived from it. A route that is not declared does not exist.
 */

import type { TSchema } from "typebox";
import type { Message } from "./message.ts";
import type { ProblemCode } from "./problems.ts";

/** `P`, `Q` and `B` are what handlers get once the request has been checked. */
export interface Route<P = object, Q = object, B = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Whole, with `{NAME}` where a parameter stands. */
  readonly path: string;
  /** Never changes: methods of clients are named after it. */
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  readonly params: Message<P> | null;
  readonly query: Message<Q> | null;
  readonly body: Body<B> | null;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Of a WebSocket: what either side sends over it. */
  readonly frames?: readonly TSchema[];
  /** What it answers with besides what any route may. */
  readonly problems: readonly ProblemCode[];
}

export interface Body<B> {
  readonly schema: Message<B>;
  readonly isRequired: boolean;
  /** The handler tells the cases of a union apart and checks each by its own schema: its messages are the clearer ones. */
  readonly isCheckedByHandler?: true;
  /** How much it may have in bytes: `single` is one payload and what surrounds it, `batch` many, `document` a workflow. */
  readonly size: "single" | "batch" | "document";
  /** Content types besides `application/json`. */
  readonly otherTypes?: readonly string[];
}

export interface Answer {
  readonly description: string;
  /** Null: an answer without content. */
  readonly schema: TSchema | null;
  /** `application/json` where not given. */
  readonly type?: string;
}

export const TAGS = {
  workflows: "Definitions and their versions",
  drafts: "Texts of workflows that are being edited",
  executions: "Starting workflows, looking at them, controlling them",
  "dead letters": "What failed for good: looking at it, trying it again, dropping it",
  tasks: "What executors do: take tasks, report results",
  events: "Telling waiting executions what has happened",
  expressions: "Trying out expressions",
  metrics: "Executions taken together: figures, live changes, dashboards",
  templates: "Workflows to begin with",
  health: "Is it alive, is it ready",
  documents: "The API described",
  pages: "Pages for people, which are no part of the API",
} as const;

export type Tag = keyof typeof TAGS;

/** One for each kind of operation. `public` needs nobody to be known. */
export type Permission =
  | "public"
  | "workflows:read"
  | "workflows:write"
  | "drafts:read"
  | "drafts:write"
  | "executions:read"
  | "executions:start"
  | "executions:control"
  | "tasks:work"
  | "executors:read"
  | "breakers:reset"
  | "events:publish"
  | "expressions:evaluate"
  | "health:read"
  | "metrics:read"
  | "dashboards:read"
  | "dashboards:write";

/** What any route may answer with. */
export const COMMON_PROBLEMS: readonly ProblemCode[] = [
  "BAD_REQUEST",
  "FORBIDDEN",
  "ORIGIN_NOT_ALLOWED",
  "HOST_NOT_ALLOWED",
  "INTERNAL",
  "STORAGE_FULL",
  "UNAVAILABLE",
];
