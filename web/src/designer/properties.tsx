/** The chosen step as a form, made from the language's own table of fields. What is left empty is left out of the text. */

import { Badge, NativeSelect, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { parse, stringify } from "yaml";
import { isObject, type Json } from "../../../src/core/base/json.ts";
import { applyEdit } from "../../../src/core/language/edit/apply.ts";
import { parsePath } from "../../../src/core/language/edit/path.ts";
import { renameStep, stepText } from "../../../src/core/language/edit/steps.ts";
import type { Field } from "../../../src/core/language/fields.ts";
import type { PictureNode } from "../../../src/core/language/picture.ts";
import { STEP_FIELDS, STEP_TYPES } from "../../../src/core/language/step-fields.ts";
import { lookOfType } from "../graph/step-types.ts";
import type { DesignerDocument } from "./document/designer-document.ts";
import { useDesigner } from "./document/use-designer.ts";

interface PropertiesProps {
  readonly document: DesignerDocument;
  readonly isReadOnly: boolean;
}

export function Properties({ document, isReadOnly }: PropertiesProps) {
  const id = useDesigner(document, (state) => state.selection.at(-1) ?? null);
  const node = useDesigner(document, (state) => state.picture?.nodes.find((each) => each.id === id) ?? null);
  const text = useDesigner(document, (state) => state.text);
  if (node === null) {
    return (
      <Text c="dimmed" fz="sm" p="md">
        Choose a step to see and change what it does.
      </Text>
    );
  }
  return <StepForm key={node.id} document={document} node={node} text={text} isReadOnly={isReadOnly} />;
}

interface StepFormProps extends PropertiesProps {
  readonly node: PictureNode;
  readonly text: string;
}

function StepForm({ document, node, text, isReadOnly }: StepFormProps) {
  const [refused, setRefused] = useState<string | null>(null);
  const values = valuesOf(text, node.id);
  const type = STEP_TYPES.get(node.type);
  const own = (type?.fields ?? []).filter(({ kind }) => !isSteps(kind.is));
  const names = new Set([...own.map(({ name }) => name), "name", "type"]);
  const common = STEP_FIELDS.filter(({ name }) => !names.has(name));
  const { icon: Picture, label, family } = lookOfType(node.type);

  const set = (name: string, value: Json | undefined) => {
    const path = parsePath(node.path);
    if (path === null) return;
    const at = [...path, ...(isUnderConfig(values, name) ? ["config"] : []), name];
    const isDone =
      value === undefined
        ? document.apply((source) => applyEdit(source, { kind: "remove", path: at }))
        : document.apply((source) => applyEdit(source, { kind: "set", path: at, value }));
    setRefused(
      isDone
        ? null
        : `Expected "${name}" to be changed, but its text is written in a way that only the YAML can change.`,
    );
  };
  const rename = (name: string) => {
    if (document.apply((source) => renameStep(source, node.id, name))) document.select([name]);
  };
  const field = (each: Field) => (
    <FieldInput
      key={each.name}
      field={each}
      value={valueAt(values, each.name)}
      isReadOnly={isReadOnly}
      set={(value) => set(each.name, value)}
    />
  );
  return (
    <form
      className="mf-properties"
      aria-label={`Properties of ${node.name}`}
      onSubmit={(event) => event.preventDefault()}
    >
      <div className="mf-properties-head" data-family={family}>
        <span className="mf-node-icon">
          <Picture size={18} stroke={1.8} aria-hidden />
        </span>
        <Text fw={600}>{label}</Text>
        {node.isSide ? <Badge variant="light">side step</Badge> : null}
      </div>
      <Text fz="sm" c="dimmed">
        {type?.summary}
      </Text>
      {refused === null ? null : (
        <Text fz="sm" c="var(--mf-bad)" role="alert">
          {refused}
        </Text>
      )}
      <Committed label="Name" value={node.name} isReadOnly={isReadOnly} commit={rename} />
      {own.map(field)}
      <details open={common.some(({ name }) => valueAt(values, name) !== undefined)}>
        <summary>Flow, data and resilience</summary>
        <div className="mf-properties-more">{common.map(field)}</div>
      </details>
    </form>
  );
}

interface FieldInputProps {
  readonly field: Field;
  readonly value: Json | undefined;
  readonly isReadOnly: boolean;
  readonly set: (value: Json | undefined) => void;
}

function FieldInput({ field: { name, kind, summary, required }, value, isReadOnly, set }: FieldInputProps) {
  const label = name.replaceAll("_", " ");
  const options = kind.is === "choice" ? kind.of : kind.is === "boolean" ? ["true", "false"] : null;
  if (options !== null) {
    return (
      <NativeSelect
        size="xs"
        label={label}
        description={summary}
        required={required === true}
        disabled={isReadOnly}
        value={value === undefined ? "" : String(value)}
        data={[{ value: "", label: "not set" }, ...options.map((option) => ({ value: option, label: option }))]}
        onChange={({ currentTarget: { value: next } }) =>
          set(next === "" ? undefined : kind.is === "boolean" ? next === "true" : next)
        }
      />
    );
  }
  const isText = TEXTUAL.has(kind.is) && (value === undefined || typeof value !== "object");
  return (
    <Committed
      label={label}
      about={summary}
      isRequired={required === true}
      isReadOnly={isReadOnly}
      isLong={!isText || (typeof value === "string" && value.includes("\n"))}
      value={value === undefined ? "" : isText ? String(value) : stringify(value, { lineWidth: 0 }).trimEnd()}
      commit={(next) => {
        if (next.trim() === "") set(undefined);
        else if (isText && (kind.is !== "value" || typeof value === "string" || value === undefined)) set(next);
        else set(parse(next) as Json);
      }}
      check={isText ? undefined : problemIn}
    />
  );
}

/** What is written as it is; anything else is YAML in the form as well. */
const TEXTUAL: ReadonlySet<string> = new Set([
  "text",
  "version",
  "duration",
  "condition",
  "value",
  "path",
  "pattern",
  "source",
  "sql",
  "reference",
]);

function isSteps(kind: string): boolean {
  return kind === "steps" || kind === "step";
}

interface CommittedProps {
  readonly label: string;
  readonly about?: string;
  readonly value: string;
  readonly isReadOnly: boolean;
  readonly isRequired?: boolean;
  readonly isLong?: boolean;
  readonly commit: (value: string) => void;
  readonly check?: ((value: string) => string | null) | undefined;
}

/** A letter is not an edit: what was typed is taken over with Enter, or when the field is left. */
function Committed({ label, about, value, isReadOnly, isRequired, isLong, commit, check }: CommittedProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const problem = typed === null || check === undefined ? null : check(typed);
  const take = () => {
    if (typed !== null && typed !== value && problem === null) commit(typed);
    if (problem === null) setTyped(null);
  };
  const shared = {
    size: "xs",
    label,
    description: about,
    required: isRequired === true,
    readOnly: isReadOnly,
    error: problem,
    value: typed ?? value,
    onBlur: take,
    classNames: { input: "mf-mono" },
  } as const;
  if (isLong === true) {
    return (
      <Textarea
        {...shared}
        autosize
        minRows={1}
        maxRows={12}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
        if (event.key === "Escape") setTyped(null);
      }}
    />
  );
}

function problemIn(text: string): string | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? null) : null;
  }
}

type Values = Readonly<Record<string, Json>>;

function valuesOf(text: string, id: string): Values {
  const written = stepText(text, id);
  if (written === null) return {};
  try {
    const value: unknown = parse(written);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
  } catch {
    // With an anchor of elsewhere; the YAML shows it.
    return {};
  }
}

function configOf(values: Values): Values {
  const config = values["config"];
  return isObject(config) ? config : {};
}

function isUnderConfig(values: Values, name: string): boolean {
  return !Object.hasOwn(values, name) && Object.hasOwn(configOf(values), name);
}

function valueAt(values: Values, name: string): Json | undefined {
  return Object.hasOwn(values, name) ? values[name] : configOf(values)[name];
}
