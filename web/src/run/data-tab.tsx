/** All data at the moment: of the execution and of each step; and what differs between any two, of this or another execution. */

import { Select, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { StepError } from "../../../src/core/engine/error.ts";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import { readWholeHistory } from "../api/executions.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { Diff } from "../parts/diff.tsx";
import { JsonViewer } from "../parts/json-viewer.tsx";
import { RunModel } from "./run-model.ts";
import type { Run } from "./use-run.ts";

interface DataTabProps {
  readonly run: Run;
  readonly seq: number;
  readonly chosen: string | undefined;
}

/** `input`, `output`, or a step's path after the part that is meant: `output:orders[3].pay`. */
type Name = string;

const CHOICES_MAX = 200;
const HISTORY_MAX = 50_000;

export function DataTab({ run, seq, chosen }: DataTabProps) {
  const { model, turn } = run;
  const [shown, setShown] = useState<Name>(chosen === undefined ? "input" : `output:${chosen}`);
  const [other, setOther] = useState<Name | null>(null);
  const [otherId, setOtherId] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model changes in place; its turn says so.
  const names = useMemo(() => namesOf(model, seq), [model, turn, seq]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const value = useMemo(() => dataOf(model, shown, seq), [model, turn, seq, shown]);
  const away = useQuery({
    queryKey: ["data-of", otherId],
    enabled: otherId !== "",
    staleTime: 30_000,
    queryFn: async ({ signal }) => modelOf(await readWholeHistory(otherId, HISTORY_MAX, signal), model),
  });
  const theirs = otherId === "" ? model : (away.data ?? null);
  const against =
    theirs === null || (other === null && otherId === "")
      ? undefined
      : dataOf(theirs, other ?? shown, otherId === "" ? seq : theirs.lastSeq);
  const options = names.map((name) => ({ value: name, label: wordsOf(name) }));
  return (
    <div className="mf-data">
      <div className="mf-compare">
        <Select
          label="Show"
          data={options}
          value={shown}
          onChange={(name) => setShown(name ?? "input")}
          searchable
          limit={CHOICES_MAX}
          allowDeselect={false}
        />
        <div className="mf-compare">
          <Select
            label="Compare with"
            placeholder={otherId === "" ? "Nothing" : "The same"}
            data={options}
            value={other}
            onChange={setOther}
            searchable
            clearable
            limit={CHOICES_MAX}
          />
          <TextInput
            label="of another execution"
            placeholder="Id; empty: this one"
            value={otherId}
            onChange={(event) => setOtherId(event.currentTarget.value.trim())}
          />
        </div>
      </div>
      {away.isError ? <Failure error={away.error} /> : null}
      {away.isFetching && away.data === undefined ? <Loading what="the other execution" /> : null}
      {value === undefined ? (
        <Text c="dimmed">There was none at this moment.</Text>
      ) : against === undefined ? (
        <JsonViewer key={shown} value={value} label={wordsOf(shown)} heightMax={560} />
      ) : (
        <section className="mf-panel mf-card" aria-label="What differs">
          <Diff
            before={value}
            after={against}
            beforeLabel={wordsOf(shown)}
            afterLabel={`${wordsOf(other ?? shown)}${otherId === "" ? "" : `, of ${otherId}`}`}
          />
        </section>
      )}
    </div>
  );
}

function modelOf(events: readonly HistoryEvent[], like: RunModel): RunModel {
  const model = new RunModel(like.definition, "other");
  for (const event of events) model.add(event);
  return model;
}

export function namesOf(model: RunModel, seq: number): readonly Name[] {
  const names: Name[] = ["input", "output", "error"];
  for (const { path, firstSeq, inputs, changes } of model.places.values()) {
    if (firstSeq > seq) continue;
    if (inputs.length > 0) names.push(`input:${path}`);
    if (changes.length > 0) names.push(`output:${path}`, `error:${path}`);
  }
  return names.filter((name) => !name.startsWith("error") || dataOf(model, name, seq) !== undefined);
}

/** Undefined where there was none at the moment. */
export function dataOf(model: RunModel, name: Name, seq: number): Json | undefined {
  const [part = "", ...rest] = name.split(":");
  const path = rest.join(":");
  if (path === "") {
    if (part === "input") return inputOf(model.events, seq);
    const head = model.headAt(seq);
    if (part === "output") return head?.output ?? undefined;
    return plain(head?.error ?? null);
  }
  if (part === "input") return model.inputAt(path, seq)?.input;
  const step = model.stepAt(path, seq);
  if (step === null) return undefined;
  return part === "output" ? (step.output ?? undefined) : plain(step.error);
}

function plain(error: StepError | null): Json | undefined {
  return error === null ? undefined : (error as unknown as Json);
}

function inputOf(events: readonly HistoryEvent[], seq: number): Json | undefined {
  let input: Json | undefined;
  for (const event of events.slice(0, seq)) {
    if (event.type === "ExecutionStarted" || event.type === "InputReplaced") input = event.data.input;
    if (event.type === "ExecutionForked" && event.data.input !== undefined) input = event.data.input;
  }
  return input;
}

function wordsOf(name: Name): string {
  const [part = "", ...rest] = name.split(":");
  const path = rest.join(":");
  return path === "" ? `${part.charAt(0).toUpperCase()}${part.slice(1)} of the execution` : `${path}: ${part}`;
}
