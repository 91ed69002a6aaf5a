/** The configuration file, in whichever shape it was written. */

import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { isObject, type Json } from "../core/base/json.ts";
import { nearest, quote } from "../core/base/text.ts";
import { type Draft, type Place, problem } from "./draft.ts";
import {
  BACKEND_MEMBERS,
  BACKEND_SECTIONS,
  OTHER_NAMES,
  OTHER_VALUES,
  SETTINGS,
  type SettingName,
} from "./settings.ts";
import { fill, take, unknownMember } from "./values.ts";

export function readFile(draft: Draft, file: { readonly name: string; readonly text: string }): void {
  const lines = new LineCounter();
  const document = parseDocument(file.text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    maxAliasCount: 0,
  } as object);
  const placeAt = (offset: number, path: string): Place => {
    const { line, col } = lines.linePos(offset);
    return { source: file.name, path, line, column: col };
  };
  for (const error of document.errors) problem(draft, placeAt(error.pos[0], ""), "config-syntax", error.message);
  if (document.errors.length > 0 || document.contents === null) return;
  walk({ draft, document, placeAt }, document.contents as Node, "");
}

interface FileWalk {
  readonly draft: Draft;
  readonly document: Document;
  readonly placeAt: (offset: number, path: string) => Place;
}

function walk(file: FileWalk, node: Node, prefix: string): void {
  const place = file.placeAt(node.range?.[0] ?? 0, prefix);
  if (!isMap(node))
    return problem(
      file.draft,
      place,
      "setting-invalid",
      `Expected ${prefix === "" ? "the file" : quote(prefix)} to be an object of settings.`,
    );
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const at = file.placeAt((pair.key as Node).range?.[0] ?? 0, path);
    const value = pair.value as Node | null;
    const name = (OTHER_NAMES[path] ?? path) as SettingName;
    if (Object.hasOwn(SETTINGS, name)) takeNode(file, name, value, at);
    else if (Object.hasOwn(BACKEND_SECTIONS, path)) takeBackend(file, path, value, at);
    else if (isSection(path) && value !== null) walk(file, value, path);
    else if (!isSection(path)) unknown(file.draft, at, path, prefix);
  }
}

function isSection(path: string): boolean {
  return [...Object.keys(SETTINGS), ...Object.keys(OTHER_NAMES), ...Object.keys(BACKEND_SECTIONS)].some((name) =>
    name.startsWith(`${path}.`),
  );
}

function unknown(draft: Draft, place: Place, path: string, prefix: string): void {
  const names = [...Object.keys(SETTINGS), ...Object.keys(OTHER_NAMES), ...Object.keys(BACKEND_SECTIONS)];
  const siblings = new Set(
    names
      .filter((name) => prefix === "" || name.startsWith(`${prefix}.`))
      .map((name) => name.slice(prefix === "" ? 0 : prefix.length + 1).split(".")[0] as string),
  );
  const meant = nearest(path.split(".").at(-1) as string, siblings);
  const hint = meant === null ? `Known here: ${[...siblings].sort().join(", ")}.` : `Did you mean ${quote(meant)}?`;
  problem(draft, place, "setting-unknown", `Expected a known setting, but ${quote(path)} is none.`, hint);
}

function takeNode(file: FileWalk, name: SettingName, node: Node | null, place: Place): void {
  const raw = node === null ? null : (node.toJS(file.document) as Json);
  const filled = fill(file.draft, raw, place);
  if (filled === undefined) return;
  take(file.draft, name, filled, place);
}

/** `storage.postgres: {host, port, ...}` becomes the address of the database. */
function takeBackend(file: FileWalk, path: string, node: Node | null, place: Place): void {
  const section = BACKEND_SECTIONS[path];
  const raw = node === null ? {} : fill(file.draft, node.toJS(file.document) as Json, place);
  if (section === undefined || raw === undefined) return;
  if (!isObject(raw)) return problem(file.draft, place, "setting-invalid", `Expected ${quote(path)} to be an object.`);
  for (const key of Object.keys(raw)) {
    if (!BACKEND_MEMBERS.includes(key)) unknownMember(file.draft, place, `${path}.${key}`, key, BACKEND_MEMBERS);
  }
  // A section that describes another backend than the one in use is there for another day.
  const type = file.draft.values.get(section.type)?.value ?? wantedType(file, section.type);
  if (type !== null && type !== section.is) return;
  const host = String(raw["host"] ?? raw["brokers"] ?? "localhost");
  const user = raw["username"] ?? raw["user"];
  const login =
    user === undefined
      ? ""
      : `${encodeURIComponent(String(user))}${raw["password"] === undefined ? "" : `:${encodeURIComponent(String(raw["password"]))}`}@`;
  const name = raw["database"] ?? raw["db"];
  take(
    file.draft,
    section.url,
    `${section.scheme}://${login}${host}:${String(raw["port"] ?? section.port)}${name === undefined ? "" : `/${String(name)}`}`,
    place,
  );
}

function wantedType(file: FileWalk, type: SettingName): string | null {
  for (const [other, name] of [[type, type], ...Object.entries(OTHER_NAMES)] as const) {
    if (name !== type) continue;
    const value = file.document.getIn(other.split("."));
    if (typeof value === "string") return OTHER_VALUES[type]?.[value] ?? value;
  }
  return null;
}
