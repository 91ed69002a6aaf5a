/** One operation on many executions: counted first, begun on a confirmation, watched with what failed, and stopped on demand. */

import { Button, Group, Modal, Progress, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { BulkArguments, BulkFilter, BulkMessage, BulkOperation } from "../../../src/core/protocol/bulk.ts";
import { cancelBulk, previewBulk, readBulk, startBulk } from "../api/executions.ts";
import { useAnnounce } from "../app/announcer.tsx";
import { Failure, Loading } from "../app/page-states.tsx";
import { ExecutionLink } from "../parts/execution-link.tsx";
import { StatusBadge } from "../parts/status.tsx";

export const OPERATIONS: readonly { readonly id: BulkOperation; readonly label: string; readonly about: string }[] = [
  { id: "cancel", label: "Cancel", about: "Tasks are told, cleaning up runs, then each ends as cancelled." },
  { id: "terminate", label: "Terminate", about: "Each ends at once. Nothing more runs, no cleaning up either." },
  { id: "pause", label: "Pause", about: "Results are recorded, and nothing new begins until somebody resumes." },
  { id: "resume", label: "Resume", about: "Each goes on after its pause." },
  { id: "retry", label: "Retry", about: "What failed or was cancelled begins again; what completed stays." },
  { id: "rerun", label: "Rerun", about: "A new execution begins for each, from the start with the same input." },
  { id: "signal", label: "Signal", about: "Each gets the signal; a step that waits for it goes on." },
];

interface BulkDialogProps {
  readonly operation: BulkOperation;
  readonly filter: BulkFilter;
  readonly close: () => void;
}

export function BulkDialog({ operation, filter, close }: BulkDialogProps) {
  const [bulk, setBulk] = useState<BulkMessage | null>(null);
  const known = OPERATIONS.find(({ id }) => id === operation);
  return (
    <Modal opened onClose={close} title={`${known?.label ?? operation} executions`} size="lg">
      {bulk === null ? (
        <Ask operation={operation} about={known?.about ?? ""} filter={filter} begun={setBulk} close={close} />
      ) : (
        <Watch started={bulk} close={close} />
      )}
    </Modal>
  );
}

interface AskProps extends BulkDialogProps {
  readonly about: string;
  readonly begun: (bulk: BulkMessage) => void;
}

function Ask({ operation, about, filter, begun, close }: AskProps) {
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const [data, setData] = useState("");
  const parsed = parseData(data);
  const args: BulkArguments = {
    ...((operation === "cancel" || operation === "terminate") && reason !== "" ? { reason } : {}),
    ...(operation === "signal" && name !== ""
      ? { name, ...(parsed.value === undefined ? {} : { data: parsed.value }) }
      : {}),
  };
  const preview = useQuery({
    queryKey: ["bulk-preview", operation, filter],
    // To count, a signal needs a name; which one does not matter.
    queryFn: () => previewBulk(operation, filter, operation === "signal" ? { name: "count" } : {}),
    staleTime: 0,
    gcTime: 0,
  });
  const starting = useMutation({ mutationFn: () => startBulk(operation, filter, args), onSuccess: begun });
  const isReady =
    preview.isSuccess && preview.data.matched > 0 && (operation !== "signal" || (name !== "" && parsed.isFine));
  const count = preview.data === undefined ? "" : `${preview.data.complete ? "" : "more than "}${preview.data.matched}`;
  return (
    <form
      className="mf-stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) starting.mutate();
      }}
    >
      <Text>{about}</Text>
      {preview.isPending ? <Loading what="how many are meant" /> : null}
      {preview.isError ? <Failure error={preview.error} retry={() => void preview.refetch()} /> : null}
      {preview.isSuccess ? (
        <div>
          <Text fw={600} role="status">
            {preview.data.matched === 0
              ? "None of them can take it now."
              : `${count} ${preview.data.matched === 1 ? "execution is" : "executions are"} meant${preview.data.sample.length < preview.data.matched ? ", the first of them:" : ":"}`}
          </Text>
          <ul className="mf-bulk-sample">
            {preview.data.sample.slice(0, 5).map((execution) => (
              <li key={execution.execution_id}>
                <span className="mf-mono mf-one-line">{execution.execution_id}</span>
                <span className="mf-one-line">{execution.workflow_name}</span>
                <StatusBadge status={execution.status} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {operation === "cancel" || operation === "terminate" ? (
        <TextInput
          label="Reason"
          placeholder="For the history"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      ) : null}
      {operation === "signal" ? (
        <>
          <TextInput
            label="Name of the signal"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Data"
            description="JSON; may be left out"
            autosize
            minRows={2}
            value={data}
            onChange={(event) => setData(event.currentTarget.value)}
            error={parsed.isFine ? null : "Expected JSON."}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
        </>
      ) : null}
      {starting.isError ? <Failure error={starting.error} /> : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Close
        </Button>
        <Button
          type="submit"
          disabled={!isReady}
          loading={starting.isPending}
          {...(operation === "cancel" || operation === "terminate" ? { color: "red.8" } : {})}
        >
          {OPERATIONS.find(({ id }) => id === operation)?.label} {count}
        </Button>
      </Group>
    </form>
  );
}

function Watch({ started, close }: { readonly started: BulkMessage; readonly close: () => void }) {
  const announce = useAnnounce();
  const bulk = useQuery({
    queryKey: ["bulk", started.id],
    queryFn: ({ signal }) => readBulk(started.id, signal),
    initialData: started,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data === undefined || isOver(state.data) ? false : 300),
  });
  const stopping = useMutation({ mutationFn: () => cancelBulk(started.id), onSuccess: () => void bulk.refetch() });
  const { status, matched, done, failed, errors } = bulk.data;
  const hasEnded = isOver(bulk.data);
  useEffect(() => {
    if (hasEnded) announce(`${done} done, ${failed} failed`);
  }, [hasEnded, announce, done, failed]);
  const share = matched === 0 ? (hasEnded ? 100 : 0) : ((done + failed) / matched) * 100;
  return (
    <div className="mf-stack">
      <Text fw={600} role="status">
        {hasEnded ? (status === "cancelled" ? "Stopped: " : "Over: ") : ""}
        {done} of {matched} done{failed > 0 ? `, ${failed} refused` : ""}
      </Text>
      <Progress.Root size="lg">
        <Progress.Section value={matched === 0 ? share : (done / matched) * 100} color="violet" aria-label="Done" />
        <Progress.Section value={matched === 0 ? 0 : (failed / matched) * 100} color="red.8" aria-label="Refused" />
      </Progress.Root>
      {errors.length === 0 ? null : (
        <div className="mf-bulk-errors" role="region" aria-label="Refused" tabIndex={0}>
          <ul className="mf-findings">
            {errors.map((error) => (
              <li key={error.execution_id}>
                <ExecutionLink id={error.execution_id} />{" "}
                <span className="mf-said">
                  {error.code}: {error.message}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {bulk.isError ? <Failure error={bulk.error} /> : null}
      {stopping.isError ? <Failure error={stopping.error} /> : null}
      <Group justify="flex-end">
        {hasEnded ? null : (
          <Button variant="default" loading={stopping.isPending} onClick={() => stopping.mutate()}>
            Stop
          </Button>
        )}
        <Button onClick={close}>{hasEnded ? "Close" : "Let it go on by itself"}</Button>
      </Group>
    </div>
  );
}

function isOver({ status }: BulkMessage): boolean {
  return status === "completed" || status === "cancelled";
}

function parseData(text: string): { readonly isFine: boolean; readonly value?: Json } {
  if (text.trim() === "") return { isFine: true };
  try {
    return { isFine: true, value: JSON.parse(text) };
  } catch {
    return { isFine: false };
  }
}
