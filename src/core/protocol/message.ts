/**
 * Messages of the wire: a schema and the type of what passes it, under one name.
 *
 *     export interface Note { readonly text: string }
 *     export const Note: Message<Note> = message<Note>("Note")(Type.Object({ text: Type.String() }));
 *
 * The compiler checks that whatever the schema lets through is a `Note`. The name is the one that the API documents use.
 * Request messages are closed: a field that nobody knows is surely a slip, and is refused with the name that was meant.
 */

import { type Static, type TInteger, type TOptional, type TSchema, type TString, type TUnsafe, Type } from "typebox";
import type { Json, JsonObject } from "../base/json.ts";

export interface Message<T> extends TUnsafe<T> {}

/** The type that a message describes. */
export type ValueOf<M> = M extends Message<infer T> ? T : never;

/** Named messages become components of the API document; the name stands in their `title`. */
export function message<T>(
  name: string,
): <S extends TSchema>(
  schema: S & (Static<S> extends T ? unknown : { "does not fit the type": Static<S> }),
) => Message<T> {
  return (schema) => ({ title: name, ...schema }) as unknown as Message<T>;
}

/** As `message`, for what is too small to have a name of its own: parameters and queries. */
export function unnamed<T>(): <S extends TSchema>(
  schema: S & (Static<S> extends T ? unknown : { "does not fit the type": Static<S> }),
) => Message<T> {
  return (schema) => schema as unknown as Message<T>;
}

/** An object in which only the named fields may stand. */
export const CLOSED = { additionalProperties: false } as const;

export const AnyJson: ReturnType<typeof Type.Unsafe<Json>> = Type.Unsafe<Json>({});
export const AnyObject: ReturnType<typeof Type.Unsafe<JsonObject>> = Type.Unsafe<JsonObject>({ type: "object" });

export function orNull<S extends TSchema>(schema: S): ReturnType<typeof Type.Union<[S, ReturnType<typeof Type.Null>]>> {
  return Type.Union([schema, Type.Null()]);
}

/** RFC 3339, as everything that has a time shows it. */
export function time(description: string): ReturnType<typeof Type.String> {
  return Type.String({ format: "date-time", description });
}

/** A number of seconds, fractions included. */
export function seconds(description: string): ReturnType<typeof Type.Number> {
  return Type.Number({ minimum: 0, description });
}

/** How long something may take, as people write it. */
export function durationText(description: string): ReturnType<typeof Type.Unsafe<string | number>> {
  return Type.Unsafe<string | number>({
    anyOf: [
      { type: "string", minLength: 1, maxLength: 40 },
      { type: "number", minimum: 0 },
    ],
    description: `${description} A duration such as \`90s\` or \`1h30m\`, or a number of seconds.`,
  });
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` to get what follows; null at the end. */
  readonly next_cursor: string | null;
}

export function page<T>(name: string, item: Message<T>): Message<Page<T>> {
  return Type.Unsafe<Page<T>>({
    title: name,
    ...Type.Object({ items: Type.Array(item), next_cursor: orNull(Type.String()) }),
  });
}

/** How many items a page has at most, and how many where nobody says. */
export const LIMIT_MAX = 1000;
export const LIMIT_DEFAULT = 50;

/** The longest that a request may wait for something, in seconds. */
export const WAIT_SECONDS_MAX = 60;

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

export const PAGE_QUERY: {
  readonly limit: TOptional<TInteger>;
  readonly cursor: TOptional<TString>;
} = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMIT_MAX,
      description: `Items of the page, at most (default ${LIMIT_DEFAULT}).`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 500, description: "`next_cursor` of the page before." }),
  ),
};

/** For lists that have nothing to filter by. */
export const PageQuery: Message<PageQuery> = unnamed<PageQuery>()(Type.Object(PAGE_QUERY, CLOSED));
