/** What people do to steps on a canvas, as edits of the text: add, remove, move, copy, join and part. All or nothing each. */

import { isMap, isScalar, stringify } from "yaml";
import type { Json } from "../../base/json.ts";
import { type Picture, type PictureEdgeKind, type PictureNode, pictureOf } from "../picture.ts";
import { applyEdit, applyEdits, type Edited, workflowIn } from "./apply.ts";
import { type Path, parsePath } from "./path.ts";
import { contentEnd, indentOf, startOfLine } from "./places.ts";
import { freshName, stepTemplate } from "./templates.ts";

/** In a lane, before the step of this number; null: at its end. */
export interface StepPlace {
  readonly lane: number;
  readonly index: number | null;
}

export interface Added extends Edited {
  /** Names of the steps that are new. */
  readonly names: readonly string[];
}

export function addStep(source: string, type: string, place: StepPlace): Added | null {
  const picture = pictureOf(source);
  if (picture === null) return null;
  const name = freshName(type === "" ? "step" : type.replaceAll("_", "-"), namesOf(picture));
  const step = stepTemplate(type, name, namesOf(picture));
  return pasteSteps(source, stringify([step], { lineWidth: 0 }), place);
}

/** `clipboard` is a YAML list of steps. A name that is taken gets a number. */
export function pasteSteps(source: string, clipboard: string, place: StepPlace): Added | null {
  const picture = pictureOf(source);
  const list = picture === null ? null : pathOfLane(picture, place.lane);
  if (picture === null || list === null) return null;
  const pasted = pictureOf(wrapped(clipboard));
  if (pasted === null || pasted.lanes[0]?.steps.length === 0) return null;
  let text = wrapped(clipboard);
  const taken = new Set(namesOf(picture));
  for (const node of pasted.nodes) {
    const name = freshName(node.name === "" ? "step" : node.name, taken);
    taken.add(name);
    if (name === node.name) continue;
    const renamed = renameStep(text, node.id, name);
    if (renamed === null) return null;
    text = renamed.text;
  }
  const fresh = pictureOf(text);
  const steps = fresh?.lanes[0]?.steps ?? [];
  const at = place.index ?? picture.lanes[place.lane]?.steps.length ?? 0;
  const edited = applyEdits(
    source,
    steps.map((id, i) => (before: string) => {
      const item = stepText(text, id);
      return item === null ? null : applyEdit(before, { kind: "insert", path: list, index: at + i, text: item });
    }),
  );
  return edited === null ? null : { ...edited, names: steps };
}

/** A list of steps as YAML, each as it is written, comments within it included. */
export function copySteps(source: string, ids: readonly string[]): string {
  const picture = pictureOf(source);
  if (picture === null) return "";
  const texts = outermost(picture, ids).flatMap((id) => stepText(source, id) ?? []);
  return texts.map((text) => `- ${text.replaceAll("\n", "\n  ").replaceAll(/\n +(?=\n|$)/g, "\n")}\n`).join("");
}

/** With the edges that name them, which would lead nowhere. */
export function removeSteps(source: string, ids: readonly string[]): Edited | null {
  const picture = pictureOf(source);
  if (picture === null) return null;
  const gone = outermost(picture, ids);
  const names = new Set(gone.flatMap((id) => [id, ...within(picture, id)]));
  const unnamed = picture.edges
    .filter(({ from, to, isWritten }) => isWritten && names.has(to) && !names.has(from))
    .map(
      ({ from, to, kind }) =>
        (text: string) =>
          unlink(text, from, to, kind),
    );
  const unneeded = picture.edges
    .filter(({ from, to, isWritten }) => isWritten && names.has(from) && !names.has(to))
    .map(
      ({ from, to }) =>
        (text: string) =>
          withoutDependency(text, from, to),
    );
  // From the end, so that the numbers of those before stay right.
  const removals = gone.toReversed().map((id) => (text: string) => {
    const path = pathOfStep(text, id);
    return path === null ? null : applyEdit(text, { kind: "remove", path });
  });
  return applyEdits(source, [...unnamed, ...unneeded, ...removals]);
}

/** To another place of its list or into another; what leads to it and from it goes with it only within its list. */
export function moveStep(source: string, id: string, place: StepPlace): Edited | null {
  const picture = pictureOf(source);
  const node = picture?.nodes.find((each) => each.id === id);
  const lane = picture?.lanes[place.lane];
  const text = stepText(source, id);
  if (picture === null || node === undefined || lane === undefined || text === null) return null;
  // No step can stand in itself.
  if (lane.owner !== null && (lane.owner === id || within(picture, id).includes(lane.owner))) return null;
  const isSame = node.lane === place.lane;
  const target = place.index ?? lane.steps.length;
  const index = isSame && target > node.position ? target - 1 : target;
  if (isSame && index === node.position) return { text: source, splices: [] };
  const edges = isSame
    ? []
    : picture.edges.filter(({ isWritten, from, to }) => isWritten && (from === id || to === id));
  const unlinks = edges
    .filter(({ kind }) => kind === "success" || kind === "failure")
    .map(
      ({ from, to, kind }) =>
        (before: string) =>
          unlink(before, from, to, kind),
    );
  const ownerOfLane = lane.owner;
  return applyEdits(source, [
    ...unlinks,
    (before) => {
      const path = pathOfStep(before, id);
      return path === null ? null : applyEdit(before, { kind: "remove", path });
    },
    (before) => {
      const now = pictureOf(before);
      const found = now?.lanes.find((each) => each.owner === ownerOfLane && sameKind(each, lane));
      const list = now === null || found === undefined ? null : pathOfLane(now, found.index);
      const moved = stepText(unlinkedText(source, unlinks), id) ?? text;
      return list === null ? null : applyEdit(before, { kind: "insert", path: list, index, text: moved });
    },
  ]);
}

function sameKind(
  a: { readonly kind: string; readonly label: string },
  b: { readonly kind: string; readonly label: string },
): boolean {
  return a.kind === b.kind && a.label === b.label;
}

function unlinkedText(source: string, edits: readonly ((text: string) => Edited | null)[]): string {
  return applyEdits(source, edits)?.text ?? source;
}

// --- edges ---------------------------------------------------------------------------------------------------------

const FIELDS = {
  success: "on_success",
  failure: "on_failure",
  fallback: "fallback_step",
  compensation: "compensate",
} as const satisfies Record<PictureEdgeKind, string>;

/** What led on before leads on as well. Null where the two stand in different lists: no edge crosses their border. */
export function connect(source: string, from: string, to: string, kind: PictureEdgeKind): Edited | null {
  const picture = pictureOf(source);
  const first = picture?.nodes.find(({ id }) => id === from);
  const second = picture?.nodes.find(({ id }) => id === to);
  if (picture === null || first === undefined || second === undefined || from === to) return null;
  if ((kind === "success" || kind === "failure") && first.lane !== second.lane) return null;
  const path = parsePath(first.path);
  if (path === null) return null;
  if (kind !== "success") return applyEdit(source, { kind: "set", path: [...path, FIELDS[kind]], value: second.name });
  const depends = fieldOf(source, second, "depends_on");
  if (depends !== undefined) return setNames(source, second, "depends_on", [...namesIn(depends), first.name]);
  const written = picture.edges.filter((edge) => edge.from === from && edge.kind === "success").map((edge) => edge.to);
  return setNames(source, first, "on_success", [...new Set([...written, second.name])]);
}

export function disconnect(source: string, from: string, to: string, kind: PictureEdgeKind): Edited | null {
  return unlink(source, from, to, kind);
}

function unlink(source: string, from: string, to: string, kind: PictureEdgeKind): Edited | null {
  const picture = pictureOf(source);
  const first = picture?.nodes.find(({ id }) => id === from);
  const path = first === undefined ? null : parsePath(first.path);
  if (picture === null || first === undefined || path === null) return null;
  if (kind !== "success") return applyEdit(source, { kind: "remove", path: [...path, FIELDS[kind]] });
  const second = picture.nodes.find(({ id }) => id === to);
  if (second !== undefined && namesIn(fieldOf(source, second, "depends_on")).includes(first.name)) {
    return withoutDependency(source, from, to);
  }
  const targets = picture.edges.filter((edge) => edge.from === from && edge.kind === "success").map((edge) => edge.to);
  return setNames(
    source,
    first,
    "on_success",
    targets.filter((name) => name !== to),
  );
}

function withoutDependency(source: string, from: string, to: string): Edited | null {
  const second = pictureOf(source)?.nodes.find(({ id }) => id === to);
  if (second === undefined) return { text: source, splices: [] };
  const names = namesIn(fieldOf(source, second, "depends_on"));
  if (!names.includes(from)) return { text: source, splices: [] };
  return setNames(
    source,
    second,
    "depends_on",
    names.filter((name) => name !== from),
  );
}

function setNames(source: string, node: PictureNode, field: string, names: readonly string[]): Edited | null {
  const path = parsePath(node.path);
  const [only] = names;
  const value: Json = names.length === 1 && only !== undefined && field === "on_success" ? only : [...names];
  return path === null ? null : applyEdit(source, { kind: "set", path: [...path, field], value });
}

// --- names ---------------------------------------------------------------------------------------------------------

/** With every edge and every expression that names it. */
export function renameStep(source: string, id: string, name: string): Edited | null {
  const picture = pictureOf(source);
  const node = picture?.nodes.find((each) => each.id === id);
  const path = node === undefined ? null : parsePath(node.path);
  if (picture === null || node === undefined || path === null) return null;
  const edits: ((text: string) => Edited | null)[] = [
    (text) => applyEdit(text, { kind: "set", path: [...path, "name"], value: name }),
  ];
  if (node.name === "") return applyEdits(source, edits);
  for (const { at, value } of stringsIn(source)) {
    const field = at.findLast((part) => typeof part === "string");
    const next = NAMING.has(String(field)) && value === node.name ? name : renamedIn(value, node.name, name);
    if (next !== value) edits.push((text) => applyEdit(text, { kind: "set", path: at, value: next }));
  }
  return applyEdits(source, edits);
}

const NAMING: ReadonlySet<string> = new Set(["on_success", "on_failure", "depends_on", "fallback_step", "compensate"]);

/** `$.name`, `steps.name` and `${name`, where an expression begins to read. */
function renamedIn(value: string, old: string, name: string): string {
  if (!value.includes(old)) return value;
  const word = old.replaceAll(/[$()*+./?[\\\]^{|}-]/g, "\\$&");
  return value.replaceAll(
    new RegExp(`(\\$\\.|(?<![\\w.-])steps\\.|\\$\\{\\s*)${word}(?![\\w-])`, "g"),
    `$1${name.replaceAll("$", "$$$$")}`,
  );
}

function stringsIn(source: string): readonly { readonly at: Path; readonly value: string }[] {
  const document = workflowIn(source);
  const found: { at: Path; value: string }[] = [];
  const visit = (value: unknown, at: Path) => {
    if (typeof value === "string") found.push({ at, value });
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...at, i]);
    else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, [...at, key]);
    }
  };
  visit(document?.toJS(), []);
  return found;
}

// --- places --------------------------------------------------------------------------------------------------------

/** As it is written, its own indentation taken away. */
export function stepText(source: string, id: string): string | null {
  const path = pathOfStep(source, id);
  const node = path === null ? undefined : workflowIn(source)?.getIn(path, true);
  if (!isMap(node) || node.range === undefined || node.range === null) return null;
  const end = contentEnd(node);
  if (end === null) return null;
  const start = node.range[0];
  const rest = source.slice(end, source.indexOf("\n", end) === -1 ? source.length : source.indexOf("\n", end));
  const comment = /^[ \t]+#/.test(rest) && source[end - 1] !== "\n" ? rest.trimEnd() : "";
  const column = node.flow === true ? indentOf(source, startOfLine(source, start)) : indentOf(source, start);
  return (source.slice(start, end).trimEnd() + comment).replaceAll(new RegExp(`\n {0,${column}}`, "g"), "\n");
}

function pathOfStep(source: string, id: string): Path | null {
  const node = pictureOf(source)?.nodes.find((each) => each.id === id);
  return node === undefined ? null : parsePath(node.path);
}

function pathOfLane(picture: Picture, lane: number): Path | null {
  const found = picture.lanes[lane];
  if (found === undefined) return null;
  const path = parsePath(found.path);
  return path === null || path.length > 0 ? (path?.length === 1 ? [...path, "steps"] : path) : ["spec", "steps"];
}

function fieldOf(source: string, node: PictureNode, field: string): unknown {
  const path = parsePath(node.path);
  const value = path === null ? undefined : workflowIn(source)?.getIn([...path, field], true);
  if (value === undefined) return undefined;
  if (isScalar(value)) return value.value;
  return typeof value === "object" && value !== null && "toJSON" in value && typeof value.toJSON === "function"
    ? value.toJSON()
    : value;
}

function namesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Those of `ids` that stand in none of the others, in the order of the text. */
function outermost(picture: Picture, ids: readonly string[]): readonly string[] {
  const inner = new Set(ids.flatMap((id) => within(picture, id)));
  return picture.nodes.filter(({ id }) => ids.includes(id) && !inner.has(id)).map(({ id }) => id);
}

function within(picture: Picture, id: string): readonly string[] {
  const lanes = picture.nodes.find((node) => node.id === id)?.lanes ?? [];
  const inner = lanes.flatMap((lane) => picture.lanes[lane]?.steps ?? []);
  return inner.flatMap((each) => [each, ...within(picture, each)]);
}

function namesOf(picture: Picture): ReadonlySet<string> {
  return new Set(picture.nodes.map(({ name }) => name));
}

function wrapped(list: string): string {
  const lines = list.replaceAll("\r\n", "\n").trimEnd().split("\n");
  return `kind: Workflow\nmetadata: { name: clipboard }\nspec:\n  steps:\n${lines.map((line) => `    ${line}`).join("\n")}\n`;
}
