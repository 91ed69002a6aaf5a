/** Every operation of the API: found by a word, read with its messages, tried at once, copied in five languages. */

import "./api-docs.css";
import { Anchor, Text, TextInput } from "@mantine/core";
import { IconApi, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { call } from "../api/call.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { type ApiDocument, type Operation, readDocument } from "./document.ts";
import { OperationView } from "./operation-view.tsx";
import type { ApiSearch } from "./search.ts";

const route = getRouteApi("/api/docs");

export function ApiPage() {
  const document = useQuery({
    queryKey: ["openapi"],
    queryFn: async ({ signal }) => readDocument(await call<JsonObject>("GET", "/api/openapi.json", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div>
      <PageHead
        title="API"
        about={
          <>
            Everything is JSON with names in snake_case; times are RFC 3339 in UTC, durations are numbers of seconds.
            What goes wrong is answered with a <Anchor href="/api/docs/problems">problem</Anchor>. For programs:{" "}
            <Anchor href="/api/openapi.json">OpenAPI 3.1</Anchor>,{" "}
            <Anchor href="/api/openapi.yaml">the same as YAML</Anchor>.
          </>
        }
      />
      {document.isError ? <Failure error={document.error} retry={() => void document.refetch()} /> : null}
      {document.isPending ? <Loading what="the API document" /> : null}
      {document.isSuccess ? <Reader document={document.data} /> : null}
    </div>
  );
}

function Reader({ document }: { readonly document: ApiDocument }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const shown = document.operations.filter((operation) => fits(operation, search.text ?? ""));
  const open = document.operations.find(({ id }) => id === search.operation) ?? shown[0];
  return (
    <div className="mf-api">
      <nav className="mf-api-list mf-panel" aria-label="Operations">
        <TextInput
          aria-label="Find an operation"
          placeholder="Find an operation"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search.text ?? ""}
          onChange={(event) => {
            const text = event.currentTarget.value;
            const { text: _before, ...rest } = search;
            void navigate({ search: text === "" ? rest : { ...rest, text }, replace: true });
          }}
        />
        {shown.length === 0 ? (
          <Text c="dimmed" fz="sm" p="sm">
            No operation has that word.
          </Text>
        ) : null}
        {document.tags.map(({ name, description }) => (
          <Group
            key={name}
            title={description}
            operations={shown.filter(({ tag }) => tag === name)}
            open={open}
            search={search}
          />
        ))}
      </nav>
      {open === undefined ? (
        <Empty icon={IconApi} title="No operation fits">
          Try fewer letters.
        </Empty>
      ) : (
        <OperationView key={open.id} operation={open} schemas={document.schemas} />
      )}
    </div>
  );
}

interface GroupProps {
  readonly title: string;
  readonly operations: readonly Operation[];
  readonly open: Operation | undefined;
  readonly search: ApiSearch;
}

function Group({ title, operations, open, search }: GroupProps) {
  if (operations.length === 0) return null;
  return (
    <section aria-label={title}>
      <Text className="mf-nav-group" aria-hidden>
        {title}
      </Text>
      <ul>
        {operations.map((operation) => (
          <li key={operation.id}>
            <Link
              to="/api/docs"
              search={{ ...search, operation: operation.id }}
              className="mf-api-link"
              aria-current={operation === open ? "true" : undefined}
            >
              <MethodWord method={operation.method} />
              <span>{operation.summary}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function MethodWord({ method }: { readonly method: string }) {
  return (
    <span className="mf-method" data-method={method}>
      {method === "DELETE" ? "DEL" : method}
    </span>
  );
}

function fits({ id, path, summary, description, tag }: Operation, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  const all = `${id} ${path} ${summary} ${description} ${tag}`.toLowerCase();
  return words.every((word) => all.includes(word));
}
