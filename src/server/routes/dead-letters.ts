/** What failed for good: looked at, tried again, dropped. */

import type { Json } from "../../core/base/json.ts";
import { toRfc3339 } from "../../core/base/time.ts";
import type { StepError } from "../../core/engine/error.ts";
import {
  dropDeadLetter,
  type LetterMessage,
  type LetterSummary,
  type LettersFilter,
  listDeadLetters,
  REPLAYS_DEFAULT,
  type ReplayAnswer,
  type ReplayedItem,
  readDeadLetter,
  replayDeadLetter,
  replayDeadLetters,
} from "../../core/protocol/dead-letters.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import type { DeadMessage, Letter, LettersQuery } from "../../host/letters/letters.ts";
import { workflowIdOf } from "../../host/registry.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import { answerOf, json, NO_CONTENT, problem } from "../answer.ts";
import { readEnd } from "../outcomes.ts";
import { linkToNext } from "../paging.ts";
import type { RouteContext } from "./context.ts";
import { keyOf } from "./starts.ts";

/** So many replays are under way at a time. */
const ABREAST = 100;

export function bindDeadLetters({ binder, host, entropy, views }: RouteContext): void {
  const { letters } = host;

  binder.bind(listDeadLetters, async ({ workspace, query, request }) => {
    const { limit = LIMIT_DEFAULT, cursor, ...filter } = query;
    const found = await letters.list(await toQuery(workspace, filter, limit, cursor));
    const items = found.letters.map(toSummary);
    return json(200, { items, next_cursor: found.nextCursor }, linkToNext(request, found.nextCursor));
  });

  binder.bind(readDeadLetter, async ({ workspace, params }) => {
    const letter = await letters.read({ workspace, id: params.letter_id });
    if (letter !== null) return json(200, await toMessage(letter));
    const id = JSON.stringify(params.letter_id);
    return problem("DEAD_LETTER_NOT_FOUND", `Expected a dead letter ${id}, but there is none.`);
  });

  binder.bind(replayDeadLetter, async ({ workspace, params, body, headers }) => {
    const commandId = body?.id ?? keyOf(headers) ?? entropy.id();
    const id = params.letter_id;
    const outcome = await letters.replay({ workspace, id, mode: body?.mode ?? "retry", commandId });
    return answerOf(outcome, ({ executionId }) => {
      const answer: ReplayAnswer = { id, execution_id: executionId, command_id: commandId };
      return json(202, answer);
    });
  });

  binder.bind(replayDeadLetters, async ({ workspace, body, headers }) => {
    const { filter = {}, limit = REPLAYS_DEFAULT, mode = "retry", cursor } = body ?? {};
    const commandId = body?.id ?? keyOf(headers) ?? entropy.id();
    const found = await letters.list(await toQuery(workspace, filter, limit, cursor));
    const items: ReplayedItem[] = [];
    for (let from = 0; from < found.letters.length; from += ABREAST) {
      const ids = found.letters.slice(from, from + ABREAST).map(idOf);
      items.push(...(await Promise.all(ids.map((id) => replay(id)))));
    }
    return json(200, { items, next_cursor: found.nextCursor });

    async function replay(id: string): Promise<ReplayedItem> {
      const outcome = await letters.replay({ workspace, id, mode, commandId: `${commandId}/${id}` });
      if (outcome.ok) return { id, outcome: "replayed", execution_id: outcome.executionId, error: null };
      const { code, message } = outcome.refusal;
      return { id, outcome: "refused", execution_id: null, error: { code, message } };
    }
  });

  binder.bind(dropDeadLetter, async ({ workspace, params, by }) =>
    answerOf(await letters.drop({ workspace, id: params.letter_id, by }), () => NO_CONTENT),
  );

  async function toQuery(
    workspace: string,
    filter: LettersFilter,
    limit: number,
    cursor: string | undefined,
  ): Promise<LettersQuery> {
    const { kind, workflow, error_code: errorCode, created_after: after, created_before: before, text } = filter;
    return {
      workspace,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(kind === undefined ? {} : { kind }),
      ...(workflow === undefined ? {} : { workflow: await nameOf(workspace, workflow) }),
      ...(errorCode === undefined ? {} : { errorCode }),
      ...(after === undefined ? {} : { createdFrom: Date.parse(after) }),
      ...(before === undefined ? {} : { createdBefore: Date.parse(before) }),
      ...(text === undefined ? {} : { text }),
    };
  }

  async function nameOf(workspace: string, workflow: string): Promise<string> {
    if (!workflow.startsWith("wf_")) return workflow;
    return (await host.definitions.read({ workspace, workflow, version: null }))?.name ?? workflow;
  }

  async function toMessage(letter: Letter): Promise<LetterMessage> {
    const summary = toSummary(letter);
    if (letter.kind === "message") {
      const { body, text, dropped } = letter.message;
      return { ...summary, failed_step: null, input: null, body, text, dropped: noteOf(dropped) };
    }
    const { row } = letter;
    const error: StepError = (await readEnd(host, row))?.error ?? summary.error;
    return {
      ...summary,
      error,
      failed_step: error.step ?? null,
      input: await inputOf(row),
      body: null,
      text: null,
      dropped: noteOf(row.dropped),
    };
  }

  /** Null also where its workflow cannot be read any more. */
  async function inputOf(row: ExecutionRow): Promise<Json> {
    const { workspace, workflow, version } = row;
    const found = await host.definitions.compiled({ workspace, workflow, version });
    return found.ok ? (await views.read(row, found.definition)).execution.input : null;
  }
}

function idOf(letter: Letter): string {
  return letter.kind === "execution" ? letter.row.id : letter.message.id;
}

function toSummary(letter: Letter): LetterSummary {
  return letter.kind === "execution" ? ofExecution(letter.row) : ofMessage(letter.message);
}

function ofExecution(row: ExecutionRow): LetterSummary {
  return {
    id: row.id,
    kind: "execution",
    execution_id: row.id,
    workflow_id: workflowIdOf(row.workspace, row.workflow),
    workflow_name: row.workflow,
    version: row.version,
    status: row.status,
    error: { code: row.errorCode ?? "INTERNAL", message: row.errorMessage ?? "" },
    created_at: toRfc3339(row.createdAt),
    failed_at: toRfc3339(row.finishedAt ?? row.createdAt),
    replays: row.replays,
  };
}

function ofMessage({ id, at, reason, replays }: DeadMessage): LetterSummary {
  return {
    id,
    kind: "message",
    execution_id: null,
    workflow_id: null,
    workflow_name: null,
    version: null,
    status: null,
    error: { code: "MESSAGE_UNREADABLE", message: reason },
    created_at: toRfc3339(at),
    failed_at: toRfc3339(at),
    replays,
  };
}

function noteOf(dropped: ExecutionRow["dropped"]): LetterMessage["dropped"] {
  return dropped === null ? null : { at: toRfc3339(dropped.at), by: dropped.by };
}
