/**
 * An execution with all of its history, followed for as long as it goes on. The stream alone brings the events, those of the
 * past as those to come; what it brings is folded in between frames, so that fifty thousand events do not hold the page up.
 */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { HistoryEvent } from "../../../src/core/engine/events.ts";
import type { Definition } from "../../../src/core/language/definition.ts";
import type { ExecutionMessage, ExecutionSummary } from "../../../src/core/protocol/executions.ts";
import { place } from "../api/call.ts";
import { followStream } from "../api/event-stream.ts";
import { readExecution } from "../api/executions.ts";
import { readVersion } from "../api/workflows.ts";
import { type RunFile, runFile } from "./run-file.ts";
import { isTerminal, RunModel } from "./run-model.ts";

/** What lists and the whole message have in common. */
export type RunFacts = Pick<
  ExecutionSummary,
  "execution_id" | "workflow_name" | "version" | "status" | "created_at" | "started_at" | "finished_at" | "metadata"
>;

export interface Run {
  readonly id: string;
  readonly facts: RunFacts;
  /** Null where it is shown from a file. */
  readonly message: ExecutionMessage | null;
  readonly model: RunModel;
  /** The text of its version; null where that is not known here. */
  readonly text: string | null;
  /** Changes whenever the model has. */
  readonly turn: number;
  /** Whether all that had happened when it was asked for is there. */
  readonly isLoaded: boolean;
  /** Asks again after something was done to an execution that had ended. */
  readonly follow: () => void;
}

const SLICE_MS = 10;
const GATHER_MS = 50;

export function useRun(id: string, isFile: boolean): { readonly run: Run | null; readonly error: unknown } {
  const file = isFile ? runFile(id) : null;
  const message = useQuery({
    queryKey: ["execution", id],
    queryFn: ({ signal }) => readExecution(id, signal),
    enabled: !isFile,
    staleTime: 1000,
  });
  const facts: RunFacts | null = file?.execution ?? message.data ?? null;
  const definition = useDefinition(facts);
  const { model, turn, isLoaded, follow, error } = useModel({
    id,
    file,
    definition: definition.value,
    isReady: definition.isSettled,
    refetch: () => void message.refetch(),
  });
  const behind = (message.data?.history?.events ?? 0) > (model?.lastSeq ?? 0);
  // Somebody else may have opened it again: then there is more than the stream said when it ended.
  useEffect(() => {
    if (behind && isLoaded) follow();
  }, [behind, isLoaded, follow]);
  if (isFile && file === null) return { run: null, error: new Error(FILE_GONE) };
  if (message.isError) return { run: null, error: message.error };
  if (error !== null) return { run: null, error };
  if (facts === null || model === null) return { run: null, error: null };
  return {
    run: {
      id,
      facts,
      message: isFile ? null : (message.data ?? null),
      model,
      text: definition.text,
      turn,
      isLoaded,
      follow,
    },
    error: null,
  };
}

const FILE_GONE =
  "Expected the file of this history to be open, but the page has been loaded anew. Open the file again.";

interface LoadedDefinition {
  readonly isSettled: boolean;
  readonly value: Definition | null;
  readonly text: string | null;
}

function useDefinition(facts: RunFacts | null): LoadedDefinition {
  const { data, isError } = useQuery({
    queryKey: ["definition", facts?.workflow_name, facts?.version],
    enabled: facts !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      if (facts === null) return null;
      const [{ loadWorkflow }, { yaml_content }] = await Promise.all([
        import("../../../src/core/language/load.ts"),
        readVersion(facts.workflow_name, facts.version, signal),
      ]);
      return { text: yaml_content, definition: loadWorkflow(yaml_content).workflow?.definition ?? null };
    },
  });
  return { isSettled: data !== undefined || isError, value: data?.definition ?? null, text: data?.text ?? null };
}

interface ModelOptions {
  readonly id: string;
  readonly file: RunFile | null;
  readonly definition: Definition | null;
  readonly isReady: boolean;
  readonly refetch: () => void;
}

function useModel({ id, file, definition, isReady, refetch }: ModelOptions) {
  const [state, setState] = useState<{ readonly model: RunModel | null; readonly turn: number }>({
    model: null,
    turn: 0,
  });
  const [isLoaded, setLoaded] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const current = useRef<{ readonly key: string; readonly model: RunModel } | null>(null);
  const again = useRef(refetch);
  again.current = refetch;

  // biome-ignore lint/correctness/useExhaustiveDependencies: each round follows once more from where the last ended.
  useEffect(() => {
    if (!isReady) return;
    const key = `${id}/${definition?.hash ?? ""}`;
    if (current.current?.key !== key) {
      current.current = { key, model: new RunModel(definition, id) };
      setLoaded(false);
      setError(null);
    }
    const { model } = current.current;
    const stop = new AbortController();
    const waiting: HistoryEvent[] = [...(file?.events.slice(model.lastSeq) ?? [])];
    let taken = 0;
    let isOver = file !== null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const pump = () => {
      timer = null;
      const begun = performance.now();
      let hasChangedStatus = false;
      while (taken < waiting.length && performance.now() - begun < SLICE_MS) {
        const event = waiting[taken] as HistoryEvent;
        taken += 1;
        model.add(event);
        if (isTerminal(event) || event.type === "ExecutionReopened") hasChangedStatus = true;
      }
      const isEmpty = taken >= waiting.length;
      if (isEmpty) {
        waiting.length = 0;
        taken = 0;
      }
      setState(({ turn }) => ({ model, turn: turn + 1 }));
      if (isEmpty) setLoaded(true);
      if (hasChangedStatus && file === null) again.current();
      if (!isEmpty) timer = setTimeout(pump, 0);
    };
    const soon = (ms: number) => {
      timer ??= setTimeout(pump, ms);
    };
    if (isOver) soon(0);
    else {
      followStream({
        path: () => `${place("executions", id)}/stream?after=${model.lastSeq + waiting.length - taken}`,
        lastId: null,
        hear: (messages) => {
          for (const { data } of messages) waiting.push(JSON.parse(data));
          soon(model.lastSeq === 0 ? 0 : GATHER_MS);
        },
        signal: stop.signal,
        endsForGood: true,
      }).then(
        () => {
          isOver = true;
          soon(0);
        },
        (reason: unknown) => setError(reason),
      );
      // One that has nothing to tell yet (it is queued) is there all the same.
      soon(400);
    }
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [id, definition, isReady, file, round]);

  const follow = useCallback(() => setRound((before) => before + 1), []);
  return { model: state.model, turn: state.turn, isLoaded, follow, error };
}
