/** The configuration as it may be shown: every setting in the units of the file, and nothing secret. */

import { formatDuration } from "../core/base/duration.ts";
import { isObject, type Json, type JsonObject } from "../core/base/json.ts";
import type { Config } from "./config.ts";
import { SETTING_NAMES, SETTINGS, type Setting, type SettingKind, type SettingName } from "./settings.ts";

export interface ShownSetting {
  readonly name: SettingName;
  /** Null: nothing was given and there is no default. */
  readonly value: Json;
  /** `default`, or the place that was read last. */
  readonly origin: string;
}

export const DEFAULT_ORIGIN = "default";

const HIDDEN = "***";

export function showSettings({ settings, origins }: Config): readonly ShownSetting[] {
  return SETTING_NAMES.map((name) => {
    const setting: Setting = SETTINGS[name];
    const value = settings.get(name) ?? null;
    const shown = setting.isSecret === true && value !== null ? HIDDEN : showValue(setting.of, value);
    return { name, value: shown, origin: origins.get(name) ?? DEFAULT_ORIGIN };
  });
}

function showValue(of: SettingKind, value: Json): Json {
  if (value === null) return null;
  switch (of.kind) {
    case "duration":
      return formatDuration(Number(value));
    case "bytes":
      return formatBytes(Number(value));
    case "text":
      return hideInAddress(String(value));
    case "table": {
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, showEntry(of.members, entry)]));
    }
    case "list":
      return Array.isArray(value) ? value.map((entry: Json) => showEntry(of.members, entry)) : value;
    default:
      return value;
  }
}

function showEntry(members: Extract<SettingKind, { kind: "table" }>["members"], entry: Json): Json {
  if (!isObject(entry)) return entry;
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => {
      const kind = members[name]?.kind ?? "object";
      return [name, kind === "object" ? hideInside(value) : showValue({ kind }, value)];
    }),
  );
}

/** Headers, credentials, whatever somebody's check needs: nobody here knows which of it is harmless. */
function hideInside(value: Json): Json {
  if (!isObject(value)) return HIDDEN;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === "type" ? inner : HIDDEN]),
  ) satisfies JsonObject;
}

/** `https://user:password@host` and `https://host/?key=...` carry secrets in the open. */
function hideInAddress(text: string): string {
  return text
    .replace(/^(\w[\w+.-]*:\/\/)[^/@\s]*@/, `$1${HIDDEN}@`)
    .replace(/^(\w[\w+.-]*:\/\/[^?]*)\?.*$/, `$1?${HIDDEN}`);
}

function formatBytes(bytes: number): Json {
  return bytes > 0 && bytes % 1_048_576 === 0 ? `${bytes / 1_048_576}MiB` : bytes;
}
