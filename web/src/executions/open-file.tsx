/** Opens an exported history: chosen by a button, or dropped on the page. It stays in this browser. */

import { Button, FileButton } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type DragEvent, useState } from "react";
import { keepRunFile, parseRunFile } from "../run/run-file.ts";

export interface FileOpening {
  readonly isOver: boolean;
  readonly error: unknown;
  readonly open: (file: File | null) => void;
  readonly handlers: {
    readonly onDragOver: (event: DragEvent) => void;
    readonly onDragLeave: (event: DragEvent) => void;
    readonly onDrop: (event: DragEvent) => void;
  };
}

export function useFileOpening(): FileOpening {
  const navigate = useNavigate();
  const [isOver, setOver] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const open = (file: File | null) => {
    if (file === null) return;
    setError(null);
    file
      .text()
      .then(async (text) => {
        const run = parseRunFile(text);
        keepRunFile(run);
        await navigate({ to: "/executions/$id", params: { id: run.execution.execution_id }, search: { file: true } });
      })
      .catch(setError);
  };
  return {
    isOver,
    error,
    open,
    handlers: {
      onDragOver: (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event) => {
        event.preventDefault();
        setOver(false);
        open(event.dataTransfer.files[0] ?? null);
      },
    },
  };
}

export function OpenFileButton({ opening }: { readonly opening: FileOpening }) {
  return (
    <FileButton onChange={opening.open} accept=".ndjson,.jsonl,.json,application/x-ndjson">
      {(props) => (
        <Button {...props} variant="default" leftSection={<IconFileImport size={16} aria-hidden />}>
          Open a history
        </Button>
      )}
    </FileButton>
  );
}
