/** What the address of the list says, and what of it the platform is asked for. */

import type { QueryValue } from "../api/call.ts";
import { EXECUTION_STATUSES } from "./statuses.ts";

export const SINCE = ["15m", "1h", "24h", "7d", "30d"] as const;
export type Since = (typeof SINCE)[number];

export interface ExecutionsSearch {
  readonly workflow?: string;
  /** One or more, joined by commas. */
  readonly status?: string;
  readonly since?: Since;
  readonly from?: string;
  readonly to?: string;
  readonly version?: string;
  readonly tag?: string;
  readonly error?: string;
  /** A search attribute: `customer_id=4711`. */
  readonly attribute?: string;
  readonly parent?: string;
  readonly text?: string;
  readonly order?: "oldest";
}

const TEXTS = ["workflow", "from", "to", "version", "tag", "error", "attribute", "parent", "text"] as const;

export function parseExecutionsSearch(search: Readonly<Record<string, unknown>>): ExecutionsSearch {
  const texts: { [name: string]: string } = {};
  for (const name of TEXTS) {
    const value = search[name];
    // The router reads what looks like a number as one.
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof text === "string" && text !== "") texts[name] = text;
  }
  const status = statusesOf(search["status"]);
  const since = SINCE.find((word) => word === search["since"]);
  return {
    ...texts,
    ...(status.length === 0 ? {} : { status: status.join(",") }),
    ...(since === undefined ? {} : { since }),
    ...(search["order"] === "oldest" ? { order: "oldest" as const } : {}),
  };
}

export function statusesOf(value: unknown): readonly string[] {
  const words = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [];
  return EXECUTION_STATUSES.filter((status) => words.includes(status));
}

const SINCE_MS: Readonly<Record<Since, number>> = {
  "15m": 15 * 60_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 7 * 86_400_000,
  "30d": 30 * 86_400_000,
};

/** As `GET /executions` and the bulk operations name it. */
export function toFilter(search: ExecutionsSearch, now: number): Readonly<Record<string, string>> {
  const after =
    search.since === undefined ? instant(search.from) : new Date(now - SINCE_MS[search.since]).toISOString();
  const before = instant(search.to);
  const [attribute, ...value] = (search.attribute ?? "").split("=");
  return {
    ...(search.workflow === undefined ? {} : { workflow: search.workflow }),
    ...(search.status === undefined ? {} : { status: search.status }),
    ...(after === null ? {} : { created_after: after }),
    ...(before === null ? {} : { created_before: before }),
    ...(search.version === undefined ? {} : { version: search.version }),
    ...(search.tag === undefined ? {} : { tag: search.tag }),
    ...(search.error === undefined ? {} : { error_code: search.error }),
    ...(search.parent === undefined ? {} : { parent_id: search.parent }),
    ...(search.text === undefined ? {} : { text: search.text }),
    ...(attribute === undefined || attribute === ""
      ? {}
      : { [`metadata.${attribute.trim()}`]: value.join("=").trim() }),
  };
}

export function toQuery(search: ExecutionsSearch, now: number): Readonly<Record<string, QueryValue>> {
  return { ...toFilter(search, now), ...(search.order === undefined ? {} : { order: search.order }) };
}

/** What a field for dates gives, in the time of the place, as the platform takes it. */
function instant(text: string | undefined): string | null {
  if (text === undefined) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
