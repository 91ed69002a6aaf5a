/** What a workflow takes and gives, as its schemas say. */

import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { readSchemas } from "../api/workflows.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { CodeView } from "../code/code-view.tsx";

export function SchemasTab({ workflow, version }: { readonly workflow: string; readonly version: string }) {
  const schemas = useQuery({
    queryKey: ["schemas", workflow, version],
    queryFn: ({ signal }) => readSchemas(workflow, version, signal),
  });
  if (schemas.isError) return <Failure error={schemas.error} retry={() => void schemas.refetch()} />;
  if (schemas.isPending) return <Loading what="the schemas" />;
  return (
    <div className="mf-columns mf-columns-even">
      <Schema title="Input" schema={schemas.data.input_schema} without="It takes any input." />
      <Schema title="Output" schema={schemas.data.output_schema} without="Its output is not described." />
    </div>
  );
}

function Schema({
  title,
  schema,
  without,
}: {
  readonly title: string;
  readonly schema: unknown;
  readonly without: string;
}) {
  return (
    <section className="mf-panel mf-card" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {schema === null ? (
        <Text c="dimmed">{without}</Text>
      ) : (
        <CodeView
          text={JSON.stringify(schema, null, 2)}
          language="json"
          label={`Schema of the ${title.toLowerCase()}`}
        />
      )}
    </section>
  );
}
