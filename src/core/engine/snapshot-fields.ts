/**
 * How the parts of an execution become text and come back: one `Field` for each type, put together to records.
 *
 *     record({ path: plain(), scope: scopeNumber, input: payload(), suppressed: list(payload()) })
 *
 * Steps and scopes refer to one another in circles, so each stands in a table once and everywhere else as its number. The
 * same holds for payloads: an input that a hundred steps were given is one object in memory, and one text here.
 *
 * `Fields<T>` asks for every member of `T`: a member that nobody writes down is an error of types. `shape` is what a field
 * looks like as text; those of a whole table tell a format from every other one.
 */

import type { Json } from "../base/json.ts";
import type { ScopeState, StepState } from "./execution.ts";

export interface Field<T> {
  readonly shape: string;
  write(writer: Writer, value: T): Json;
  /** Throws where `stored` is nothing that `write` has made. */
  read(reader: Reader, stored: Json): T;
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Strings that are longer are looked up as payloads are. */
const SHARED_LENGTH_MIN = 256;

/** Thrown where a snapshot grows beyond what it may be. */
export class TooLong extends Error {}

/** Numbers what is met, in the order in which it is met. */
export class Writer {
  readonly steps: StepState[] = [];
  readonly scopes: ScopeState[] = [];
  /** JSON texts. */
  readonly payloads: string[] = [];
  private readonly numbers = new Map<unknown, number>();
  private charactersLeft: number;

  constructor(charactersMax: number) {
    this.charactersLeft = charactersMax;
  }

  stepNumber(step: StepState): number {
    return this.numberOf(step, () => this.steps.push(step));
  }

  scopeNumber(scope: ScopeState): number {
    return this.numberOf(scope, () => this.scopes.push(scope));
  }

  payloadNumber(value: Json): number {
    return this.numberOf(value, () => this.payloads.push(this.toText(value)));
  }

  /** Throws `TooLong`. */
  toText(value: Json): string {
    const text = JSON.stringify(value);
    this.charactersLeft -= text.length;
    if (this.charactersLeft < 0) throw new TooLong();
    return text;
  }

  private numberOf(value: unknown, add: () => number): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    const number = add() - 1;
    this.numbers.set(value, number);
    return number;
  }
}

/** Steps and scopes are there before their members are, so that they can refer to one another. */
export interface Reader {
  readonly steps: readonly StepState[];
  readonly scopes: readonly ScopeState[];
  readonly payloads: readonly Json[];
}

/** Short and without members: numbers, names, null. */
export function plain<T extends string | number | boolean | null>(): Field<T> {
  return { shape: "plain", write: (_writer, value) => value, read: (_reader, stored) => stored as T };
}

/** Data of any size that nobody changes. */
export function payload<T>(): Field<T> {
  return {
    shape: "payload",
    write(writer, value) {
      if (value === undefined) return [];
      const isShared = typeof value === "string" ? value.length >= SHARED_LENGTH_MIN : typeof value === "object";
      return isShared && value !== null ? [writer.payloadNumber(value as Json)] : (value as Json);
    },
    read(reader, stored) {
      if (!Array.isArray(stored)) return stored as T;
      return (stored.length === 0 ? undefined : at(reader.payloads, stored[0])) as T;
    },
  };
}

export const stepNumber: Field<StepState> = {
  shape: "step",
  write: (writer, step) => writer.stepNumber(step),
  read: (reader, stored) => at(reader.steps, stored),
};

export const scopeNumber: Field<ScopeState> = {
  shape: "scope",
  write: (writer, scope) => writer.scopeNumber(scope),
  read: (reader, stored) => at(reader.scopes, stored),
};

export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    shape: `${field.shape}?`,
    write: (writer, value) => (value === null ? null : field.write(writer, value)),
    read: (reader, stored) => (stored === null ? null : field.read(reader, stored)),
  };
}

export function list<T>(field: Field<T>): Field<T[]> {
  return {
    shape: `[${field.shape}]`,
    write: (writer, values) => values.map((value) => field.write(writer, value)),
    read: (reader, stored) => listOf(stored).map((each) => field.read(reader, each)),
  };
}

export function set<T>(field: Field<T>): Field<Set<T>> {
  return {
    shape: `set ${field.shape}`,
    write: (writer, values) => [...values].map((value) => field.write(writer, value)),
    read: (reader, stored) => new Set(listOf(stored).map((each) => field.read(reader, each))),
  };
}

export function map<K extends string | number, T>(field: Field<T>): Field<Map<K, T>> {
  return {
    shape: `map ${field.shape}`,
    write: (writer, values) => [...values].map(([key, value]) => [key, field.write(writer, value)]),
    read: (reader, stored) =>
      new Map(listOf(stored).map((entry) => [at(listOf(entry), 0) as K, field.read(reader, at(listOf(entry), 1))])),
  };
}

export function record<T>(fields: Fields<T>): Field<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  return {
    shape: `{${entries.map(([name, field]) => `${name}: ${field.shape}`).join(", ")}}`,
    write: (writer, value) =>
      entries.map(([name, field]) => field.write(writer, (value as Record<string, unknown>)[name])),
    read(reader, stored) {
      const values = listOf(stored);
      return Object.fromEntries(
        entries.map(([name, field], place) => [name, field.read(reader, at(values, place))]),
      ) as T;
    },
  };
}

/** A union: `kind` says which record it is. */
export function variant<T extends { readonly kind: string }>(
  cases: {
    readonly [K in T["kind"]]: Fields<Omit<Extract<T, { kind: K }>, "kind">>;
  },
): Field<T> {
  const records = new Map<string, Field<unknown>>(
    Object.entries(cases).map(([kind, fields]) => [kind, record(fields as Fields<unknown>)]),
  );
  return {
    shape: [...records].map(([kind, { shape }]) => `${kind} ${shape}`).join(" | "),
    write: (writer, value) => [value.kind, recordOf(records, value.kind).write(writer, value)],
    read(reader, stored) {
      const [kind, values] = listOf(stored);
      const members = recordOf(records, kind).read(reader, values ?? null) as object;
      return { kind, ...members } as unknown as T;
    },
  };
}

function recordOf(records: ReadonlyMap<string, Field<unknown>>, kind: unknown): Field<unknown> {
  const field = typeof kind === "string" ? records.get(kind) : undefined;
  if (field === undefined) throw new Error(`Expected a kind that is known, but met ${String(kind)}.`);
  return field;
}

function listOf(stored: Json): readonly Json[] {
  if (!Array.isArray(stored)) throw new Error(`Expected a list, but met ${JSON.stringify(stored).slice(0, 60)}.`);
  return stored as readonly Json[];
}

function at<T>(values: readonly T[], place: Json | undefined): T {
  const value = typeof place === "number" ? values[place] : undefined;
  if (value === undefined) throw new Error(`Expected one of ${values.length} at ${String(place)}, but there is none.`);
  return value;
}
