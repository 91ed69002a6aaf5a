/** An error with what caused it and what it hid. */

import { Badge, Text } from "@mantine/core";
import type { StepError } from "../../../src/core/engine/error.ts";
import { JsonViewer } from "../parts/json-viewer.tsx";

export function ErrorTree({ error }: { readonly error: StepError }) {
  return (
    <ul className="mf-failure-error">
      <ErrorNode error={error} relation={null} />
    </ul>
  );
}

function ErrorNode({ error, relation }: { readonly error: StepError; readonly relation: string | null }) {
  const { details } = error;
  const hasDetails =
    details !== undefined && details !== null && !(typeof details === "object" && Object.keys(details).length === 0);
  return (
    <li>
      <Text component="div" fz="sm" className="mf-said">
        {relation === null ? null : (
          <Text span c="dimmed" fz="sm">
            {relation}:{" "}
          </Text>
        )}
        <strong className="mf-mono">{error.code}</strong>{" "}
        {error.retryable === false ? (
          <Badge size="xs" variant="light" color="gray" tt="none">
            not retried
          </Badge>
        ) : null}
        <div>{error.message}</div>
      </Text>
      {hasDetails ? <JsonViewer value={details} label="details of the error" heightMax={180} /> : null}
      {error.cause === undefined && error.suppressed === undefined ? null : (
        <ul className="mf-failure-error">
          {error.cause === undefined ? null : <ErrorNode error={error.cause} relation="Caused by" />}
          {error.suppressed?.map((other, i) => (
            <ErrorNode key={`${other.code}${i}`} error={other} relation="Also" />
          ))}
        </ul>
      )}
    </li>
  );
}
