/** One value: checked by the kind of its setting, brought to the unit that the program works in, and taken. */

import { parseDuration } from "../core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../core/base/json.ts";
import { nearest, quote } from "../core/base/text.ts";
import { type Draft, type Place, problem } from "./draft.ts";
import {
  AVAILABLE,
  BACKEND_BY_SCHEME,
  OTHER_VALUES,
  SETTINGS,
  type Setting,
  type SettingKind,
  type SettingName,
  type TableMember,
} from "./settings.ts";

export function take(draft: Draft, name: SettingName, raw: Json, place: Place): void {
  if (raw === null) return;
  const setting: Setting = SETTINGS[name];
  const read = readValue(draft, setting.of, OTHER_VALUES[name]?.[String(raw)] ?? raw, place);
  if (read === undefined) return;
  draft.values.set(name, { value: read, place });
  if (isUnavailable(name, String(read))) return unavailable(draft, name, String(read), place);
  draft.origins.set(name, place.line === null ? `${place.source} (${place.path})` : `${place.source}:${place.line}`);
}

function isUnavailable(name: SettingName, value: string): boolean {
  return AVAILABLE[name]?.includes(value) === false;
}

function unavailable(draft: Draft, name: SettingName, value: string, place: Place): void {
  const options = (AVAILABLE[name] ?? []).map(quote).join(", ");
  problem(
    draft,
    place,
    "backend-unavailable",
    `Expected ${quote(place.path)}${place.path === name ? "" : ` (${name})`} to name something that this build has, but ${quote(value)} is not available.`,
    `Available for ${name}: ${options}.`,
  );
}

/** An address says by its scheme what it leads to. Where nothing else says it, the address is believed, not passed over. */
export function checkAddress(draft: Draft, url: SettingName, type: SettingName): void {
  const given = draft.values.get(url);
  if (given === undefined || draft.values.has(type)) return;
  const scheme = /^([a-z][a-z0-9]*)(?:\+[a-z]+)?:\/\//i.exec(String(given.value))?.[1]?.toLowerCase();
  const backend = scheme === undefined ? undefined : BACKEND_BY_SCHEME[scheme];
  if (backend !== undefined && isUnavailable(type, backend)) unavailable(draft, type, backend, given.place);
}

function readValue(draft: Draft, of: SettingKind, raw: Json, place: Place): Json | undefined {
  const wrong = (expected: string): undefined => {
    problem(
      draft,
      place,
      "setting-invalid",
      `Expected ${quote(place.path)} to be ${expected}, but it is ${quote(typeof raw === "string" ? raw : JSON.stringify(raw))}.`,
    );
    return undefined;
  };
  switch (of.kind) {
    case "text":
      return typeof raw === "string" || typeof raw === "number" ? String(raw) : wrong("a text");
    case "choice":
      if (of.of.includes(String(raw))) return String(raw);
      return wrong(`one of ${of.of.map(quote).join(", ")}`);
    case "flag":
      if (typeof raw === "boolean") return raw;
      if (/^(true|yes|on|1)$/i.test(String(raw))) return true;
      return /^(false|no|off|0)$/i.test(String(raw)) ? false : wrong("true or false");
    case "integer":
    case "number": {
      const value = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
      const fits =
        typeof value === "number" && Number.isFinite(value) && (of.kind === "number" || Number.isInteger(value));
      if (!fits || value < of.min || value > of.max)
        return wrong(`a ${of.kind === "integer" ? "whole " : ""}number from ${of.min} to ${of.max}`);
      return value;
    }
    case "duration":
      return (
        (typeof raw === "string" || typeof raw === "number" ? parseDuration(raw) : null) ??
        wrong('a duration such as "90s" or "1h30m"')
      );
    case "bytes":
      return parseBytes(raw) ?? wrong('a size such as "512mb" or a number of bytes');
    case "texts": {
      const items =
        typeof raw === "string"
          ? raw
              .split(",")
              .map((item) => item.trim())
              .filter((item) => item !== "")
          : raw;
      return Array.isArray(items) && items.every((item) => typeof item === "string") ? items : wrong("a list of texts");
    }
    case "table": {
      if (!isObject(raw)) return wrong("an object with an entry for each name");
      const entries = Object.entries(raw).map(
        ([name, entry]) =>
          [name, readMembers(draft, of.members, entry, { ...place, path: `${place.path}.${name}` })] as const,
      );
      return entries.some(([, entry]) => entry === undefined) ? undefined : (Object.fromEntries(entries) as JsonObject);
    }
    case "list": {
      if (!Array.isArray(raw)) return wrong("a list");
      const items = raw.map((item, index) =>
        readMembers(draft, of.members, item as Json, { ...place, path: `${place.path}[${index}]` }),
      );
      return items.some((item) => item === undefined) ? undefined : (items as Json[]);
    }
  }
}

function readMembers(
  draft: Draft,
  members: Readonly<Record<string, TableMember>>,
  raw: Json,
  place: Place,
): JsonObject | undefined {
  if (!isObject(raw)) {
    problem(
      draft,
      place,
      "setting-invalid",
      `Expected ${quote(place.path)} to be an object with ${Object.keys(members).join(", ")}.`,
    );
    return undefined;
  }
  const read: Record<string, Json> = {};
  const before = draft.problems.length;
  for (const [key, value] of Object.entries(raw)) {
    const member = members[key];
    const at = { ...place, path: `${place.path}.${key}` };
    if (member === undefined) {
      unknownMember(draft, place, at.path, key, Object.keys(members));
    } else if (member.kind === "object") {
      if (isObject(value)) read[key] = value;
      else problem(draft, at, "setting-invalid", `Expected ${quote(at.path)} to be an object.`);
    } else {
      const met = readValue(draft, { kind: member.kind }, value, at);
      if (met !== undefined) read[key] = met;
    }
  }
  for (const [key, member] of Object.entries(members)) {
    if (member.isRequired === true && raw[key] === undefined)
      problem(draft, place, "setting-invalid", `Expected ${quote(place.path)} to have ${quote(key)}.`);
  }
  return draft.problems.length > before ? undefined : read;
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1_000_000,
  gb: 1e9,
  kib: 1024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

function parseBytes(raw: Json): number | null {
  if (typeof raw === "number") return Number.isInteger(raw) && raw >= 0 ? raw : null;
  const met = typeof raw === "string" ? /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(raw.trim()) : null;
  if (met === null) return null;
  const unit = UNIT_BYTES[(met[2] || "b").toLowerCase()];
  return unit === undefined ? null : Math.round(Number(met[1]) * unit);
}

export function unknownMember(draft: Draft, place: Place, path: string, key: string, known: readonly string[]): void {
  const meant = nearest(key, known);
  problem(
    draft,
    { ...place, path },
    "setting-unknown",
    `Expected a known setting, but ${quote(path)} is none.`,
    meant === null ? `Known here: ${known.join(", ")}.` : `Did you mean ${quote(meant)}?`,
  );
}

/** `${NAME}` and `${NAME:-default}` anywhere in values; undefined where one is missing (which is a problem). */
export function fill(draft: Draft, value: Json, place: Place): Json | undefined {
  if (typeof value === "string") {
    let isComplete = true;
    const text = value.replaceAll(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (_, name: string, fallback: string | undefined) => {
        const met = draft.environment[name];
        if (met !== undefined && met !== "") return met;
        if (fallback !== undefined) return fallback;
        isComplete = false;
        problem(
          draft,
          place,
          "variable-missing",
          `Expected the environment to have ${quote(name)}, which ${quote(place.path)} names.`,
          `Set ${name}, or write \${${name}:-default}.`,
        );
        return "";
      },
    );
    return isComplete ? text : undefined;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => fill(draft, item as Json, place));
    return items.some((item) => item === undefined) ? undefined : (items as Json[]);
  }
  if (isObject(value)) {
    const members = Object.entries(value).map(([key, item]) => [key, fill(draft, item, place)] as const);
    return members.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(members) as JsonObject);
  }
  return value;
}
