/** One operation: what it does, what it takes, what it answers, and a form to try it. */

import { Anchor, Badge, Code, Table, Text, Title } from "@mantine/core";
import { Fragment } from "react";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { MethodWord } from "./api-page.tsx";
import type { Operation, OperationAnswer, Parameter } from "./document.ts";
import { SchemaTable } from "./schema-table.tsx";
import { TryIt } from "./try-it.tsx";

export function OperationView({ operation, schemas }: { readonly operation: Operation; readonly schemas: JsonObject }) {
  return (
    <article className="mf-api-operation" aria-labelledby="operation">
      <section className="mf-panel mf-api-card">
        <Title order={2} id="operation">
          {operation.summary}
        </Title>
        <div className="mf-api-address">
          <MethodWord method={operation.method} />
          <code>{operation.path}</code>
        </div>
        {operation.description === "" ? null : (
          <Text maw={760}>
            <Prose text={operation.description} />
          </Text>
        )}
        <Text c="dimmed" fz="sm" mt="xs">
          Permission <Code>{operation.permission}</Code>, operation <Code>{operation.id}</Code>
        </Text>
        <Parameters parameters={operation.parameters} />
        {operation.body === null ? null : (
          <>
            <Title order={3} mt="lg" mb={4}>
              Body{" "}
              {operation.body.isRequired ? null : (
                <Badge variant="light" color="gray" tt="none">
                  may be left out
                </Badge>
              )}
            </Title>
            <SchemaTable schema={operation.body.schema} schemas={schemas} />
          </>
        )}
        <Answers answers={operation.answers} schemas={schemas} />
      </section>
      <TryIt operation={operation} schemas={schemas} />
    </article>
  );
}

function Parameters({ parameters }: { readonly parameters: readonly Parameter[] }) {
  if (parameters.length === 0) return null;
  return (
    <>
      <Title order={3} mt="lg" mb={4}>
        Parameters
      </Title>
      <div className="mf-api-scroll" tabIndex={0} role="region" aria-label="Parameters">
        <Table verticalSpacing={6} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Name</Table.Th>
              <Table.Th scope="col">In</Table.Th>
              <Table.Th scope="col">Is</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parameters.map(({ name, place, isRequired, description }) => (
              <Table.Tr key={`${place} ${name}`}>
                <Table.Th scope="row" className="mf-mono">
                  {name}
                  {isRequired ? (
                    <span className="mf-required" title="required">
                      {" "}
                      *
                    </span>
                  ) : null}
                </Table.Th>
                <Table.Td>{place}</Table.Td>
                <Table.Td>
                  <Prose text={description} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

function Answers({ answers, schemas }: { readonly answers: readonly OperationAnswer[]; readonly schemas: JsonObject }) {
  return (
    <>
      <Title order={3} mt="lg" mb={4}>
        Answers
      </Title>
      {answers.map(({ status, description, schema, type }) => (
        <details key={status} className="mf-api-answer">
          <summary>
            <span className="mf-status" data-tone={toneOf(status)}>
              {status}
            </span>
            <span>
              <Prose text={description} isPlain />
            </span>
          </summary>
          {schema === null ? (
            <Text c="dimmed" fz="sm">
              Nothing.
            </Text>
          ) : (
            <>
              {type === null || type === "application/json" ? null : <Code>{type}</Code>}
              <SchemaTable schema={schema} schemas={schemas} />
            </>
          )}
        </details>
      ))}
    </>
  );
}

function toneOf(status: string): string {
  if (status.startsWith("2")) return "good";
  return status.startsWith("5") ? "bad" : "waiting";
}

/** Texts of the API mark code by backticks, and problems by their codes; inside of what unfolds nothing else can be a link. */
export function Prose({ text, isPlain = false }: { readonly text: string; readonly isPlain?: boolean }) {
  return text
    .split("`")
    .map((piece, i) =>
      i % 2 === 0 ? <Fragment key={i}>{piece}</Fragment> : <Word key={i} word={piece} isPlain={isPlain} />,
    );
}

function Word({ word, isPlain }: { readonly word: string; readonly isPlain: boolean }) {
  const code = <Code>{word}</Code>;
  const isProblem = /^[A-Z]{4,}(?:_[A-Z]+)*$/.test(word);
  return isProblem && !isPlain ? <Anchor href={`/api/docs/problems#${word}`}>{code}</Anchor> : code;
}
