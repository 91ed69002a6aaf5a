/**
 * The reference of settings, written from their table.
 *
 *     node tools/settings-reference.ts     writes docs/reference/settings.md
 *
 * A test compares the page with the table, so neither can change alone.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AVAILABLE, SETTING_NAMES, SETTINGS, type Setting, type SettingName } from "../src/config/settings.ts";
import { formatDuration } from "../src/core/base/duration.ts";

export const SETTINGS_PAGE: string = join(import.meta.dirname, "../docs/reference/settings.md");

export function renderSettingsReference(): string {
  const sections = Map.groupBy(SETTING_NAMES, sectionOf);
  const parts = [...sections].map(([section, names]) =>
    [`## ${section}`, table(names.filter((name) => entry(name).of.kind !== "table"))]
      .concat(names.map(entry).flatMap(describeTable))
      .filter((part) => part !== "")
      .join("\n\n"),
  );
  return `${[PREFACE, ...parts].join("\n\n")}\n`;
}

const PREFACE = `# Settings

Every setting by its section in the configuration file. [Configuration](../guides/configuration.md) says where settings come
from and how durations and sizes are written. A setting without a default is off or unlimited until it is given.

<!-- Written by tools/settings-reference.ts from the table of settings. -->`;

/** Widens the literal types of the table. */
function entry(name: SettingName): Setting {
  return SETTINGS[name];
}

function sectionOf(name: SettingName): string {
  const dot = name.indexOf(".");
  return `\`${dot === -1 ? name : name.slice(0, dot)}\``;
}

function table(names: readonly SettingName[]): string {
  if (names.length === 0) return "";
  const rows = names.map((name) => {
    const setting = entry(name);
    return [`\`${name}\``, kindOf(name, setting), defaultOf(setting), variableOf(name, setting), aboutOf(setting)];
  });
  const head = ["setting", "kind", "default", "variable", "for"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A setting that holds entries by name is told in words: it has no default and no variable. */
function describeTable({ of, about }: Setting): readonly string[] {
  return of.kind === "table" ? [`${about} Set in the file only.`] : [];
}

function kindOf(name: SettingName, { of }: Setting): string {
  switch (of.kind) {
    case "choice": {
      const available = AVAILABLE[name] ?? of.of;
      const missing = of.of.filter((word) => !available.includes(word)).map(code);
      const words = available.map(code).join(", ");
      return missing.length === 0 ? words : `${words} (not in this build: ${missing.join(", ")})`;
    }
    case "integer":
    case "number":
      return `${of.kind === "integer" ? "whole number" : "number"}, ${of.min} to ${of.max}`;
    case "bytes":
      return "size";
    case "texts":
      return "list of texts";
    case "list":
      return `list of ${code(`{${Object.keys(of.members).join(", ")}}`)}`;
    case "flag":
      return "true or false";
    default:
      return of.kind;
  }
}

function defaultOf({ of, default: value }: Setting): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(code).join(", ");
  if (of.kind === "duration") return code(formatDuration(Number(value)));
  return code(of.kind === "bytes" ? formatBytes(Number(value)) : String(value));
}

function formatBytes(bytes: number): string {
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576}MiB` : String(bytes);
}

function variableOf(name: SettingName, { of, variable }: Setting): string {
  if (of.kind === "list") return "";
  return code(variable ?? `MAGICFLOW_${name.replaceAll(".", "_").toUpperCase()}`);
}

function aboutOf({ about, isSecret, reader }: Setting): string {
  const remarks = [
    ...(isSecret === true ? ["Secret: never shown."] : []),
    ...(reader === "executor" ? ["For executors; the platform accepts and leaves it."] : []),
  ];
  return [about, ...remarks].join(" ");
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) {
  mkdirSync(dirname(SETTINGS_PAGE), { recursive: true });
  writeFileSync(SETTINGS_PAGE, renderSettingsReference());
}
