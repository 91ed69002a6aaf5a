/** Everything that is wrong or doubtful with the text: each leads to its line and to its step. */

import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconX } from "@tabler/icons-react";
import type { Diagnostic } from "../../../src/core/language/diagnostics.ts";

const SHOWN_MAX = 200;

export function Problems({
  diagnostics,
  open,
}: {
  readonly diagnostics: readonly Diagnostic[];
  readonly open: (diagnostic: Diagnostic) => void;
}) {
  if (diagnostics.length === 0) {
    return (
      <Text fz="sm" c="dimmed" p="sm" className="mf-problems-none">
        <IconCircleCheck size={16} aria-hidden /> Nothing is wrong with this workflow.
      </Text>
    );
  }
  return (
    <ul className="mf-problems" aria-label="Problems">
      {diagnostics.slice(0, SHOWN_MAX).map((diagnostic) => (
        <li key={`${diagnostic.line}:${diagnostic.column}:${diagnostic.code}:${diagnostic.message}`}>
          <button
            type="button"
            onClick={() => open(diagnostic)}
            data-tone={diagnostic.severity === "error" ? "bad" : "waiting"}
          >
            {diagnostic.severity === "error" ? (
              <IconX size={15} aria-label="Error" />
            ) : (
              <IconAlertTriangle size={15} aria-label="Warning" />
            )}
            <span className="mf-problems-place mf-figures">
              {diagnostic.line}:{diagnostic.column}
            </span>
            <span className="mf-said">
              {diagnostic.message} {diagnostic.hint}
            </span>
            <span className="mf-problems-code">{diagnostic.code}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
