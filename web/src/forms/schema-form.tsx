/**
 * A form made from a JSON Schema: the input of a start, the data of a signal, the answer to a task. A value that no form can
 * show (an open object, a schema that says nothing) is edited as JSON, in place; the whole can always be.
 */

import "./schema-form.css";
import {
  ActionIcon,
  Button,
  Checkbox,
  Fieldset,
  Group,
  NumberInput,
  Select,
  Switch,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";
import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";
import { JsonField } from "./json-field.tsx";
import {
  fieldKindOf,
  initialOf,
  labelOf,
  optionOf,
  type Property,
  pointerTo,
  resolve,
  violationsOf,
} from "./schema.ts";

export interface SchemaFormProps {
  /** Null: anything may be given. */
  readonly schema: Json;
  readonly value: Json;
  readonly onChange: (value: Json) => void;
  /** Violations are shown once somebody has tried to send. */
  readonly showsViolations: boolean;
  readonly label: string;
}

export function SchemaForm({ schema, value, onChange, showsViolations, label }: SchemaFormProps) {
  const [asJson, setAsJson] = useState(false);
  const violations = showsViolations && schema !== null ? violationsOf(schema, value) : NONE;
  const root = schema ?? {};
  const found = resolve(root, root);
  const isPlain = schema === null || fieldKindOf(found).kind === "json";
  return (
    <div className="mf-form" role="group" aria-label={label}>
      {isPlain ? null : (
        <Switch
          size="xs"
          ml="auto"
          label="As JSON"
          checked={asJson}
          onChange={(event) => setAsJson(event.currentTarget.checked)}
        />
      )}
      {asJson || isPlain ? (
        <JsonField label={label} value={value} onChange={onChange} error={violations.values().next().value ?? null} />
      ) : (
        <Field
          place={{ root, violations, pointer: "" }}
          schema={found}
          value={value}
          change={onChange}
          label={label}
          isRequired
          isTop
        />
      )}
    </div>
  );
}

const NONE: ReadonlyMap<string, string> = new Map();

interface Place {
  readonly root: Json;
  readonly violations: ReadonlyMap<string, string>;
  readonly pointer: string;
}

interface FieldProps {
  readonly place: Place;
  readonly schema: JsonObject;
  readonly value: Json | undefined;
  /** Undefined leaves it out. */
  readonly change: (value: Json) => void;
  readonly label: string;
  readonly isRequired: boolean;
  readonly isTop?: boolean;
}

function Field(props: FieldProps) {
  const { place, schema, value, change, label, isRequired } = props;
  const field = fieldKindOf(schema);
  const common = {
    label: <span className="mf-said">{label}</span>,
    description: typeof schema["description"] === "string" ? schema["description"] : undefined,
    error: place.violations.get(place.pointer),
    withAsterisk: isRequired,
  };
  switch (field.kind) {
    case "object":
      return field.properties.length === 0 ? (
        <JsonField label={label} value={value ?? {}} onChange={change} error={common.error ?? null} />
      ) : (
        <ObjectField {...props} properties={field.properties} />
      );
    case "array":
      return <ArrayField {...props} item={field.item} />;
    case "either":
      return <EitherField {...props} options={field.options} />;
    case "choice":
      return (
        <Select
          {...common}
          data={field.values.map((option) => ({
            value: JSON.stringify(option),
            label: typeof option === "string" ? option : JSON.stringify(option),
          }))}
          value={value === undefined ? null : JSON.stringify(value)}
          onChange={(text) => text !== null && change(JSON.parse(text) as Json)}
          allowDeselect={false}
        />
      );
    case "text":
      return field.isLong ? (
        <Textarea
          {...common}
          autosize
          minRows={3}
          maxRows={12}
          value={textOf(value)}
          onChange={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <TextInput
          {...common}
          type={inputTypeOf(field.format)}
          value={textOf(value)}
          onChange={(event) => change(event.currentTarget.value)}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          value={typeof value === "number" ? value : ""}
          allowDecimal={!field.isWhole}
          onChange={(next) => change(next === "" ? null : Number(next))}
        />
      );
    case "boolean":
      return (
        <Checkbox
          label={common.label}
          description={common.description}
          error={common.error}
          checked={value === true}
          onChange={(event) => change(event.currentTarget.checked)}
        />
      );
    case "null":
      return null;
    case "json":
      return <JsonField label={label} value={value ?? null} onChange={change} error={common.error ?? null} />;
  }
}

function ObjectField({
  place,
  schema,
  value,
  change,
  label,
  isTop,
  properties,
}: FieldProps & { readonly properties: readonly Property[] }) {
  const members = isObject(value) ? value : {};
  const set = (name: string, next: Json | undefined) => {
    const { [name]: _before, ...rest } = members;
    change(next === undefined ? rest : { ...members, [name]: next });
  };
  const content = properties.map((property) => (
    <OptionalField
      key={property.name}
      place={{ ...place, pointer: pointerTo(place.pointer, property.name) }}
      property={property}
      value={Object.hasOwn(members, property.name) ? members[property.name] : undefined}
      set={(next) => set(property.name, next)}
    />
  ));
  if (isTop === true) return <div className="mf-form-fields">{content}</div>;
  return (
    <FieldGroup label={label} description={schema["description"]}>
      {content}
    </FieldGroup>
  );
}

interface OptionalFieldProps {
  readonly place: Place;
  readonly property: Property;
  readonly value: Json | undefined;
  readonly set: (value: Json | undefined) => void;
}

/** What may be left out, is: until somebody adds it. Fields of one line are simply empty. */
function OptionalField({ place, property, value, set }: OptionalFieldProps) {
  const schema = resolve(property.schema, place.root);
  const { kind } = fieldKindOf(schema);
  const isInline = kind === "text" || kind === "number" || kind === "choice" || kind === "boolean";
  if (value === undefined && !property.isRequired && !isInline) {
    return (
      <Button
        variant="default"
        size="xs"
        w="fit-content"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => set(initialOf(property.schema, place.root))}
      >
        Add {property.name}
      </Button>
    );
  }
  const change = (next: Json) => set(!property.isRequired && (next === "" || next === null) ? undefined : next);
  const field = (
    <Field
      place={place}
      schema={schema}
      value={value}
      change={change}
      label={property.name}
      isRequired={property.isRequired}
    />
  );
  if (property.isRequired || isInline) return field;
  return (
    <div className="mf-form-removable">
      {field}
      <RemoveButton what={property.name} remove={() => set(undefined)} />
    </div>
  );
}

function ArrayField({ place, schema, value, change, label, item }: FieldProps & { readonly item: Json }) {
  const items = Array.isArray(value) ? value : [];
  const itemSchema = resolve(item, place.root);
  return (
    <FieldGroup label={label} description={schema["description"]}>
      {place.violations.has(place.pointer) ? (
        <p className="mf-form-violation">{place.violations.get(place.pointer)}</p>
      ) : null}
      {items.map((member, i) => (
        <div key={i} className="mf-form-removable">
          <Field
            place={{ ...place, pointer: pointerTo(place.pointer, i) }}
            schema={itemSchema}
            value={member}
            change={(next) => change(items.with(i, next))}
            label={`${label} ${i + 1}`}
            isRequired
          />
          <RemoveButton what={`${label} ${i + 1}`} remove={() => change(items.toSpliced(i, 1))} />
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        w="fit-content"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => change([...items, initialOf(item, place.root)])}
      >
        Add to {label}
      </Button>
    </FieldGroup>
  );
}

function EitherField({
  place,
  value,
  change,
  label,
  isRequired,
  options,
}: FieldProps & { readonly options: readonly Json[] }) {
  const current = optionOf(options, place.root, value ?? null);
  const chosen = resolve(options[current], place.root);
  return (
    <FieldGroup label={label} description={undefined}>
      <Select
        aria-label={`Kind of ${label}`}
        data={options.map((option, i) => ({
          value: String(i),
          label: labelOf(resolve(option, place.root), place.root),
        }))}
        value={String(current)}
        onChange={(index) => index !== null && change(initialOf(options[Number(index)] ?? {}, place.root))}
        allowDeselect={false}
      />
      <Field place={place} schema={chosen} value={value} change={change} label={label} isRequired={isRequired} />
    </FieldGroup>
  );
}

function FieldGroup({
  label,
  description,
  children,
}: {
  readonly label: string;
  readonly description: Json | undefined;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <Fieldset legend={<span className="mf-said">{label}</span>} className="mf-form-fields" aria-describedby={id}>
      {typeof description === "string" ? (
        <p id={id} className="mf-form-about">
          {description}
        </p>
      ) : null}
      {children}
    </Fieldset>
  );
}

function RemoveButton({ what, remove }: { readonly what: string; readonly remove: () => void }) {
  return (
    <Group>
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${what}`} onClick={remove}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

function inputTypeOf(format: string | null): string {
  if (format === "email") return "email";
  if (format === "uri" || format === "url") return "url";
  return "text";
}
