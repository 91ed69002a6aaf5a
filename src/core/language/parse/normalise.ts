/**
 * Brings a tree into the one canonical form, in which every thing has one spelling.
 *
 *     config: {...} ──lifted──► on the step     aliases ──renamed──► canonical     on_error ──► retry, fallback, ...
 *
 * Only names and shapes change here; whether what stands there is right is for the checks to say, so what cannot be
 * understood is left as it is. Nodes keep the places where they were written.
 */

import { DOCUMENTS } from "../document-fields.ts";
import type { Report } from "../report.ts";
import { RETRY_FIELDS, STEP_TYPES } from "../step-fields.ts";
import type { Alias } from "./aliases.ts";
import {
  API_VERSION_ALIASES,
  BREAKER_ALIASES,
  CONDITION_ALIASES,
  GUARD_ALIASES,
  NAMED_CONDITION_ALIASES,
  RETRY_ALIASES,
  SPEC_ALIASES,
  STEP_ALIASES,
  TYPE_ALIASES,
} from "./aliases.ts";
import { canonicalise, canonicalStep } from "./canonical.ts";
import { lowerOnError } from "./error-forms.ts";
import type { Entry, MapNode, Node } from "./node.ts";
import { field, items, listAt, mapAt, scalarAt, text, withFields } from "./node.ts";

/** A copy of `tree` in canonical form. Two spellings of one thing at once are reported. */
export function normalise(tree: MapNode, report: Report): MapNode {
  const spec = field(tree, "spec");
  const metadata = field(tree, "metadata");
  const canonical = withFields(tree, {
    apiVersion: replaceText(field(tree, "apiVersion"), API_VERSION_ALIASES),
    metadata: metadata?.kind === "map" ? normaliseMetadata(metadata) : metadata,
    spec: spec?.kind === "map" ? normaliseSpec(spec, text(field(tree, "kind")), report) : spec,
  });
  const kind = DOCUMENTS.get(text(field(tree, "kind")) ?? "");
  const finished = kind === undefined ? canonical : canonicalise(canonical, kind);
  return finished.kind === "map" ? finished : canonical;
}

function replaceText(node: Node | undefined, table: ReadonlyMap<string, string>): Node | undefined {
  const found = table.get(text(node) ?? "");
  return node === undefined || found === undefined ? node : scalarAt(node.place, found);
}

function normaliseMetadata(metadata: MapNode): MapNode {
  const version = field(metadata, "version");
  const plain = text(version)?.replace(/^[vV](?=\d)/, "");
  return version === undefined || plain === undefined
    ? metadata
    : withFields(metadata, { version: scalarAt(version.place, plain) });
}

function normaliseSpec(written: MapNode, kind: string | undefined, report: Report): MapNode {
  if (kind !== "Workflow") return written;
  const lifted = liftErrorHandling(rename(written, SPEC_ALIASES, report), report);
  const aliases = new Set(
    items(field(lifted, "includes")).flatMap((each) => text(field(each, "alias") ?? field(each, "workflow")) ?? []),
  );
  const context: StepContext = { report, aliases };
  return withFields(lifted, {
    retry_policy: normaliseRetry(field(lifted, "retry_policy"), report),
    conditions: mapItems(field(lifted, "conditions"), (each) => rename(each, NAMED_CONDITION_ALIASES, report)),
    steps: normaliseSteps(field(lifted, "steps"), context),
    error_handling: normaliseErrorHandling(field(lifted, "error_handling"), context),
  });
}

/** `error_handling.retry_policy` says the same as `spec.retry_policy`. */
function liftErrorHandling(spec: MapNode, report: Report): MapNode {
  const handling = field(spec, "error_handling");
  const entry = handling?.kind === "map" ? handling.entries.get("retry_policy") : undefined;
  if (handling?.kind !== "map" || entry === undefined) return spec;
  const rest = withFields(handling, { retry_policy: undefined });
  return withFields(addField(spec, "retry_policy", entry, report), { error_handling: rest });
}

// --- steps ---------------------------------------------------------------------------------------------------------

/** What is known of the workflow around a step. */
export interface StepContext {
  readonly report: Report;
  /** Names under which other workflows are included. */
  readonly aliases: ReadonlySet<string>;
}

/** A list of steps; one step, or an object with nothing but `steps`, is taken for the list that it means. */
export function normaliseSteps(node: Node | undefined, context: StepContext): Node | undefined {
  if (node?.kind === "map") {
    const inner = field(node, "steps");
    if (node.entries.size === 1 && inner !== undefined) return normaliseSteps(inner, context);
    return listAt(node.place, [normaliseStep(node, context)]);
  }
  return mapItems(node, (each) => normaliseStep(each, context));
}

/** `name` is for a step in short form that has none of its own. */
export function normaliseStep(written: Node, context: StepContext, name?: string): Node {
  if (written.kind !== "map") return written;
  const { report } = context;
  const lifted = liftConfig(liftAction(written), context);
  const named =
    name === undefined || field(lifted, "name") !== undefined
      ? lifted
      : withFields(lifted, { name: scalarAt(lifted.place, name) });
  const typed = nameType(named, context);
  const type = text(field(typed, "type")) ?? "";
  const renamed = rename(liftDataMapping(typed, report), STEP_ALIASES, report, type);
  const step = lowerOnError(renamed, report, addField);
  return normaliseBodies(normaliseCommon(step, context), type, context);
}

/** `config` holds fields of the step. */
function liftConfig(step: MapNode, context: StepContext): MapNode {
  const config = step.entries.get("config");
  if (config === undefined || config.value.kind !== "map") return step;
  let lifted = withFields(step, { config: undefined });
  for (const [name, entry] of config.value.entries) lifted = addField(lifted, name, entry, context.report);
  return lifted;
}

/** A step whose doing stands under `action`, as handlers and compensations are written. */
function liftAction(step: MapNode): MapNode {
  const action = field(step, "action");
  if (action?.kind !== "map" || field(step, "type") !== undefined) return step;
  const entries = new Map([...step.entries, ...action.entries]);
  entries.delete("action");
  const name = step.entries.get("name");
  if (name !== undefined) entries.set("name", name);
  return { ...step, entries };
}

function nameType(step: MapNode, context: StepContext): MapNode {
  const type = field(step, "type");
  if (type === undefined) {
    const has = (name: string) => step.entries.has(name);
    // One of the two is enough to tell what is meant, and what is missing or misspelt.
    const callsFunction = has("executor") || has("function") || (has("service") && has("method"));
    return callsFunction ? withFields(step, { type: scalarAt(step.place, "function") }) : step;
  }
  const written = text(type) ?? "";
  if (context.aliases.has(written) && !STEP_TYPES.has(written) && !step.entries.has("workflow")) {
    return withFields(step, { type: scalarAt(type.place, "workflow"), workflow: type });
  }
  return withFields(step, { type: replaceText(type, TYPE_ALIASES) });
}

function liftDataMapping(step: MapNode, report: Report): MapNode {
  const mapping = field(step, "data_mapping");
  if (mapping?.kind !== "map") return step;
  let lifted = withFields(step, { data_mapping: undefined });
  for (const [name, entry] of mapping.entries) {
    if (name === "input" || name === "output") lifted = addField(lifted, name, entry, report);
    else report.add("field-unknown", { field: name, owner: "data_mapping", nearest: null, elsewhere: null }, entry.key);
  }
  return lifted;
}

function normaliseCommon(step: MapNode, context: StepContext): MapNode {
  const { report } = context;
  const name = text(field(step, "name")) ?? "step";
  const compensate = field(step, "compensate");
  const failure = field(step, "on_failure");
  return withFields(step, {
    retry: normaliseRetry(field(step, "retry"), report),
    circuit_breaker: normaliseBreaker(field(step, "circuit_breaker"), report),
    depends_on: asList(field(step, "depends_on")),
    on_success: unwrapOne(field(step, "on_success")),
    on_failure: failure?.kind === "map" ? normaliseInline(failure, context, `${name}-handler`) : unwrapOne(failure),
    fallback: normaliseFallback(field(step, "fallback"), context),
    compensate: compensate && asReferenceOrStep(compensate, context, `${name}-compensate`),
  });
}

/** `{when, steps}`; nameless steps of it are named after what they belong to. */
function normaliseInline(node: Node, context: StepContext, name: string): Node {
  if (node.kind === "list") return mapAt(node.place, { steps: nameSteps(node, context, name) });
  if (node.kind !== "map") return node;
  const guarded = rename(node, GUARD_ALIASES, context.report);
  return withFields(guarded, { steps: nameSteps(field(guarded, "steps"), context, name) });
}

function nameSteps(node: Node | undefined, context: StepContext, name: string): Node | undefined {
  const nameless = node?.kind === "list" && node.items.length > 1;
  return mapItems(node, (each, i) => normaliseStep(each, context, nameless ? `${name}-${i + 1}` : name));
}

function normaliseFallback(node: Node | undefined, context: StepContext): Node | undefined {
  return node && normaliseInline(node, context, "fallback");
}

/** A name, or an object with nothing but a name, refers to a step; anything more is a step. */
function asReferenceOrStep(node: Node, context: StepContext, name: string): Node {
  if (node.kind !== "map") return node;
  const only = node.entries.size === 1 ? field(node, "name") : undefined;
  return only ?? normaliseStep(node, context, name);
}

function normaliseBodies(step: MapNode, type: string, context: StepContext): MapNode {
  const { report } = context;
  const stepsOf = (name: string) => normaliseSteps(field(step, name), context);
  const guarded = (node: Node) => {
    const renamed = rename(node, GUARD_ALIASES, report);
    return renamed.kind === "map"
      ? withFields(renamed, { steps: normaliseSteps(field(renamed, "steps"), context) })
      : renamed;
  };
  switch (type) {
    case "condition":
      return withFields(step, { then: stepsOf("then"), else: stepsOf("else") });
    case "switch":
      return withFields(step, { cases: mapItems(field(step, "cases"), guarded), default: stepsOf("default") });
    case "parallel":
      return withFields(step, {
        branches: mapItems(field(step, "branches"), (each) => normaliseBranch(each, context)),
      });
    case "loop":
      return withFields(step, { steps: stepsOf("steps") });
    case "try":
      return withFields(step, {
        steps: stepsOf("steps"),
        catch: mapItems(asList(field(step, "catch")), guarded),
        finally: stepsOf("finally"),
      });
    case "validate":
      return withFields(step, {
        rules: mapItems(field(step, "rules"), (each) => rename(each, CONDITION_ALIASES, report)),
      });
    default:
      return step;
  }
}

/** A branch without `steps` is one step in short form, and both go by its name. */
function normaliseBranch(branch: Node, context: StepContext): Node {
  if (branch.kind !== "map") return branch;
  const written = field(branch, "steps");
  if (written !== undefined && field(branch, "type") === undefined) {
    return withFields(branch, { steps: normaliseSteps(written, context) });
  }
  if (branch.entries.size <= 1) return branch;
  return mapAt(branch.place, {
    name: field(branch, "name"),
    steps: listAt(branch.place, [normaliseStep(branch, context)]),
  });
}

// --- resilience ----------------------------------------------------------------------------------------------------

function normaliseRetry(node: Node | undefined, report: Report): Node | undefined {
  if (node?.kind === "scalar" && typeof node.value === "number") return mapAt(node.place, { max_attempts: node });
  if (node?.kind !== "map") return node;
  const renamed = rename(node, RETRY_ALIASES, report);
  return withFields(renamed, { retry_on: asList(field(renamed, "retry_on")) });
}

/** A breaker that is switched off is none. */
function normaliseBreaker(node: Node | undefined, report: Report): Node | undefined {
  if (node?.kind !== "map") return node;
  const enabled = field(node, "enabled");
  if (enabled?.kind === "scalar" && enabled.value === false) return undefined;
  const rest = enabled?.kind === "scalar" && enabled.value === true ? withFields(node, { enabled: undefined }) : node;
  return rename(rest, BREAKER_ALIASES, report);
}

function normaliseErrorHandling(node: Node | undefined, context: StepContext): Node | undefined {
  if (node?.kind === "list") return mapItems(node, (each, i) => normaliseRule(each, i, context));
  if (node?.kind !== "map") return node;
  const compensation = field(node, "compensation");
  const enabled = field(compensation, "enabled");
  const isOff = enabled?.kind === "scalar" && enabled.value === false;
  const steps = compensation?.kind === "map" ? field(compensation, "steps") : compensation;
  return withFields(node, {
    error_categories: mapItems(field(node, "error_categories"), (each) => normaliseCategory(each, context)),
    on_failure: field(node, "on_failure") && normaliseInline(field(node, "on_failure") as Node, context, "on-failure"),
    compensation: isOff ? undefined : normaliseSteps(steps, context),
  });
}

/** A retry policy may be written out in the category itself; one step stands for a list of steps. */
function normaliseCategory(category: Node, context: StepContext): Node {
  if (category.kind !== "map") return category;
  const { report } = context;
  const renamed = rename(category, RETRY_ALIASES, report);
  const own = [...renamed.entries].filter(([name]) => RETRY_NAMES.has(name));
  const rest: MapNode = {
    ...renamed,
    entries: new Map([...renamed.entries].filter(([name]) => !RETRY_NAMES.has(name))),
  };
  const written: MapNode | null =
    own.length === 0 ? null : { kind: "map", place: category.place, entries: new Map(own) };
  const lifted =
    written === null
      ? rest
      : addField(rest, "retry_policy", { key: own[0]?.[1].key ?? category.place, value: written }, report);
  const name = text(field(category, "name")) ?? "category";
  const handler = field(lifted, "handler");
  return withFields(lifted, {
    patterns: asList(field(lifted, "patterns")),
    retry_policy: normaliseRetry(field(lifted, "retry_policy"), report),
    handler: handler && normaliseHandler(handler, context, `${name}-handler`),
  });
}

/** The name of a step, or steps that are written out. */
function normaliseHandler(node: Node, context: StepContext, name: string): Node {
  if (node.kind === "list" || field(node, "steps") !== undefined) return normaliseInline(node, context, name);
  const only = asReferenceOrStep(node, context, name);
  return only.kind === "scalar" ? only : mapAt(node.place, { steps: listAt(node.place, [only]) });
}

const RETRY_NAMES: ReadonlySet<string> = new Set(RETRY_FIELDS.map((each) => each.name));

function normaliseRule(rule: Node, index: number, context: StepContext): Node {
  const renamed = rename(rule, CONDITION_ALIASES, context.report);
  if (renamed.kind !== "map") return renamed;
  const written = field(renamed, "action");
  const action = written?.kind === "scalar" ? mapAt(written.place, { type: written }) : written;
  if (action?.kind !== "map") return renamed;
  const steps = mapItems(asList(field(action, "steps")), (each, i) =>
    canonicalStep(asReferenceOrStep(each, context, `rule-${index + 1}-${i + 1}`)),
  );
  return withFields(renamed, { action: withFields(action, { steps }) });
}

// --- shapes --------------------------------------------------------------------------------------------------------

export type AddField = (node: MapNode, name: string, entry: Entry, report: Report) => MapNode;

/** Sets the field `name` unless it stands there already, which is reported. */
function addField(node: MapNode, name: string, entry: Entry, report: Report): MapNode {
  const before = node.entries.get(name);
  if (before !== undefined) {
    report.add("field-twice", { field: name, other: before.key.path }, entry.key, text(field(node, "name")));
    return node;
  }
  const entries = new Map(node.entries);
  entries.set(name, entry);
  return { ...node, entries };
}

/** Renames the fields that the table knows, keeping their order. */
function rename(node: MapNode, table: readonly Alias[], report: Report, type?: string): MapNode;
function rename(node: Node, table: readonly Alias[], report: Report, type?: string): Node;
function rename(node: Node, table: readonly Alias[], report: Report, type = ""): Node {
  if (node.kind !== "map") return node;
  const rows = table.filter(
    (alias) => node.entries.has(alias.from) && (alias.on?.includes(type) ?? true) && !alias.exceptOn?.includes(type),
  );
  if (rows.length === 0) return node;
  const entries = new Map<string, Entry>();
  for (const [name, entry] of node.entries) {
    const to = rows.find((alias) => alias.from === name)?.to ?? name;
    const other = entries.get(to) ?? (to === name ? undefined : node.entries.get(to));
    if (other === undefined) entries.set(to, entry);
    else if (to !== name || entries.has(to)) {
      report.add("field-twice", { field: to, other: other.key.path }, entry.key, text(field(node, "name")));
    }
  }
  return { ...node, entries };
}

function mapItems(node: Node | undefined, change: (item: Node, index: number) => Node): Node | undefined {
  return node?.kind === "list" ? listAt(node.place, node.items.map(change)) : node;
}

function asList(node: Node | undefined): Node | undefined {
  if (node === undefined || node.kind === "list" || (node.kind === "scalar" && node.value === null)) return node;
  return listAt(node.place, [node]);
}

/** A list of one name is the name. */
function unwrapOne(node: Node | undefined): Node | undefined {
  return node?.kind === "list" && node.items.length === 1 ? node.items[0] : node;
}
