/** A short list of executions: the label is the link, the rest says how it stands. */

import { Anchor, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import { StatusBadge } from "./status.tsx";
import { Ago, Elapsed } from "./time.tsx";

interface ExecutionRowsProps {
  readonly executions: readonly ExecutionSummary[];
  readonly showsWorkflow: boolean;
}

export function ExecutionRows({ executions, showsWorkflow }: ExecutionRowsProps) {
  return (
    <div className="mf-scroll" tabIndex={0} role="region" aria-label="Executions">
      <Table verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Execution</Table.Th>
            {showsWorkflow ? <Table.Th scope="col">Workflow</Table.Th> : null}
            <Table.Th scope="col">Status</Table.Th>
            <Table.Th scope="col">Started</Table.Th>
            <Table.Th scope="col">Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {executions.map((execution) => (
            <Table.Tr key={execution.execution_id}>
              <Table.Td maw={180}>
                <Anchor
                  component={Link}
                  to={`/executions/${encodeURIComponent(execution.execution_id)}`}
                  className="mf-mono mf-one-line"
                  display="block"
                  title={execution.execution_id}
                >
                  {execution.execution_id}
                </Anchor>
              </Table.Td>
              {showsWorkflow ? (
                <Table.Td maw={220} className="mf-one-line">
                  {execution.workflow_name}
                </Table.Td>
              ) : null}
              <Table.Td>
                <StatusBadge status={execution.status} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <Ago at={execution.created_at} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                <Elapsed from={execution.started_at} to={execution.finished_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
