/** The members of a message; those that are messages themselves unfold in place. */

import { Code, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { isObject, type Json, type JsonObject } from "../../../src/core/base/json.ts";
import { follow, typeText } from "./document.ts";
import { Prose } from "./operation-view.tsx";

interface SchemaTableProps {
  readonly schema: Json;
  readonly schemas: JsonObject;
}

export function SchemaTable({ schema, schemas }: SchemaTableProps) {
  const members = membersOf(schema, schemas);
  if (members === null) {
    return (
      <Text fz="sm">
        <Code>{typeText(schema, schemas)}</Code>
      </Text>
    );
  }
  return (
    <ul className="mf-schema">
      {members.map((member) => (
        <Member key={member.name} member={member} schemas={schemas} />
      ))}
    </ul>
  );
}

interface MemberFacts {
  readonly name: string;
  readonly schema: Json;
  readonly isRequired: boolean;
}

function Member({ member, schemas }: { readonly member: MemberFacts; readonly schemas: JsonObject }) {
  const { schema } = follow(member.schema, schemas);
  const inner = innerOf(member.schema, schemas);
  const head = (
    <>
      <span className="mf-mono">{member.name}</span>
      {member.isRequired ? (
        <span className="mf-required" title="required">
          *
        </span>
      ) : null}
      <span className="mf-schema-type">{typeText(member.schema, schemas)}</span>
      {typeof schema["description"] === "string" ? (
        <span className="mf-schema-about">
          <Prose text={schema["description"]} isPlain />
        </span>
      ) : null}
    </>
  );
  if (inner === null) return <li className="mf-schema-row">{head}</li>;
  return (
    <li>
      {/* What is folded is not made: messages may contain themselves. */}
      <Unfolding head={head}>
        <SchemaTable schema={inner} schemas={schemas} />
      </Unfolding>
    </li>
  );
}

function Unfolding({ head, children }: { readonly head: ReactNode; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="mf-schema-row">{head}</summary>
      {isOpen ? children : null}
    </details>
  );
}

/** The message inside an array or an alternative; null: there is none to unfold. */
function innerOf(schema: Json, schemas: JsonObject): Json | null {
  if (membersOf(schema, schemas) !== null) return schema;
  const { schema: found } = follow(schema, schemas);
  if (found["type"] === "array") return innerOf(found["items"] ?? {}, schemas);
  const either = found["anyOf"] ?? found["oneOf"];
  if (!Array.isArray(either)) return null;
  return either.find((part) => membersOf(part, schemas) !== null) ?? null;
}

function membersOf(schema: Json, schemas: JsonObject): readonly MemberFacts[] | null {
  const { schema: found } = follow(schema, schemas);
  const { properties, required } = found;
  if (!isObject(properties) || Object.keys(properties).length === 0) return null;
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    isRequired: needed.includes(name),
  }));
}
