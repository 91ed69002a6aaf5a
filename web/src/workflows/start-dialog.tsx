/** Starts an execution with an input that fits the workflow's schema, and leads to it. */

import { Accordion, Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { StartOptions } from "../../../src/core/protocol/starts.ts";
import type { WorkflowDetail } from "../../../src/core/protocol/workflows.ts";
import { startExecution } from "../api/executions.ts";
import { readSchemas } from "../api/workflows.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { initialOf, violationsOf } from "../forms/schema.ts";
import { SchemaForm } from "../forms/schema-form.tsx";

interface StartDialogProps {
  readonly workflow: WorkflowDetail;
  readonly opened: boolean;
  readonly close: () => void;
}

export function StartDialog({ workflow, opened, close }: StartDialogProps) {
  return (
    <Modal opened={opened} onClose={close} title={`Start ${workflow.name}`} size="lg">
      {opened ? <StartForm workflow={workflow} /> : null}
    </Modal>
  );
}

function StartForm({ workflow }: { readonly workflow: WorkflowDetail }) {
  const schemas = useQuery({
    queryKey: ["schemas", workflow.name, workflow.version],
    queryFn: ({ signal }) => readSchemas(workflow.name, workflow.version, signal),
  });
  if (schemas.isError) return <Failure error={schemas.error} retry={() => void schemas.refetch()} />;
  if (schemas.isPending) return <Loading what="what it takes" />;
  return <InputForm workflow={workflow} schema={schemas.data.input_schema} />;
}

const PRIORITIES = ["low", "normal", "high", "critical"] as const;

function InputForm({ workflow, schema }: { readonly workflow: WorkflowDetail; readonly schema: Json }) {
  const navigate = useNavigate();
  const [input, setInput] = useState<Json>(() => (schema === null ? {} : initialOf(schema, schema)));
  const [priority, setPriority] = useState<string>("normal");
  const [id, setId] = useState("");
  const [hasTried, setHasTried] = useState(false);
  const starting = useMutation({
    mutationFn: () => {
      const known = PRIORITIES.find((word) => word === priority);
      const options: StartOptions = {
        version: workflow.version,
        ...(known === undefined || known === "normal" ? {} : { priority: known }),
        ...(id === "" ? {} : { execution_id: id }),
      };
      return startExecution(workflow.name, { input, options });
    },
    onSuccess: ({ execution_id }) => void navigate({ href: `/executions/${encodeURIComponent(execution_id)}` }),
  });
  const send = () => {
    setHasTried(true);
    if (schema === null || violationsOf(schema, input).size === 0) starting.mutate();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="mf-stack"
    >
      <SchemaForm schema={schema} value={input} onChange={setInput} showsViolations={hasTried} label="Input" />
      <Accordion variant="contained">
        <Accordion.Item value="options">
          <Accordion.Control>Options</Accordion.Control>
          <Accordion.Panel>
            <Group align="start">
              <Select
                label="Priority"
                data={PRIORITIES.map((word) => word)}
                value={priority}
                onChange={(word) => setPriority(word ?? "normal")}
                allowDeselect={false}
              />
              <TextInput
                label="Id of the execution"
                description="Starting it again with this id gives the same execution."
                placeholder="a new one"
                value={id}
                onChange={(event) => setId(event.currentTarget.value)}
              />
            </Group>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      {starting.isError ? <Failure error={starting.error} /> : null}
      <Group justify="end">
        <Button type="submit" loading={starting.isPending}>
          Start
        </Button>
      </Group>
    </form>
  );
}
