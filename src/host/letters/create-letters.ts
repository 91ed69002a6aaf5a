/** Lists, reads, replays and drops dead letters, be they executions or messages. */

import { type ExecutionQuery, type ExecutionRow, StoreError } from "../../ports/store.ts";
import type { Host } from "../host.ts";
import type { LetterItem } from "../item.ts";
import { type Loop, shardOfExecution, submit } from "../loop.ts";
import { readRow } from "../reads.ts";
import type { Outcome } from "../refusal.ts";
import { dropMessage, isMessageId, listMessages, readMessage, replayMessage } from "./dead-messages.ts";
import { letterUnknown } from "./letter-unknown.ts";
import type { DeadMessage, Letter, LetterPlace, Letters, LettersQuery } from "./letters.ts";

type Controls = Pick<Host, "retry" | "rerun">;

export function createLetters(loop: Loop, controls: Controls): Letters {
  return {
    list: (query) => list(loop, query),

    async read(place) {
      if (isMessageId(place.id)) {
        const message = await readMessage(loop, place);
        return message === null ? null : { kind: "message", message };
      }
      const row = await readRow(loop, { workspace: place.workspace, executionId: place.id });
      return row !== null && (row.deadLetter || row.dropped !== null) ? { kind: "execution", row } : null;
    },

    async replay({ workspace, id, mode, commandId }) {
      if (isMessageId(id)) {
        const outcome = await replayMessage(loop, { workspace, id });
        return outcome.ok ? { ok: true, executionId: null } : outcome;
      }
      const place = { workspace, executionId: id };
      const row = await readRow(loop, place);
      if (row === null || !wasLetter(row)) return { ok: false, refusal: letterUnknown(id) };
      if (mode === "retry") {
        const outcome = await controls.retry({ ...place, commandId });
        return outcome.ok ? { ok: true, executionId: id } : outcome;
      }
      const started = await controls.rerun({ ...place, commandId, input: undefined, version: null });
      if (!started.ok) return started;
      // A crash in between leaves it listed, and the same command again finds the execution that it has begun.
      const outcome = await change(loop, { workspace, id }, { kind: "replay" });
      return outcome.ok ? { ok: true, executionId: started.row.id } : outcome;
    },

    async drop({ workspace, id, by }) {
      if (!isMessageId(id)) return await change(loop, { workspace, id }, { kind: "drop", by });
      return (await dropMessage(loop, { workspace, id, by }))
        ? { ok: true }
        : { ok: false, refusal: letterUnknown(id) };
    },
  };
}

/** What was replayed or dropped is judged by the command itself: a repeat of it must not be refused. */
function wasLetter(row: ExecutionRow): boolean {
  return row.deadLetter || row.dropped !== null || row.replays > 0;
}

function change(loop: Loop, { workspace, id }: LetterPlace, what: LetterItem["change"]): Promise<Outcome<object>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<object>>();
  const item: LetterItem = { kind: "letter", workspace, executionId: id, change: what, reply: { resolve, reject } };
  submit(loop, shardOfExecution(loop, id), item);
  return promise;
}

/** Cursors begin with the part of the list that they are in. */
const IN_MESSAGES = "m";
const IN_EXECUTIONS = "e";

async function list(loop: Loop, query: LettersQuery): ReturnType<Letters["list"]> {
  const { cursor, kind, limit } = query;
  if (cursor !== undefined && !/^[me]/.test(cursor)) {
    throw new StoreError("cursor", "Expected the cursor of an earlier answer, but this is none.");
  }
  const letters: Letter[] = [];
  if (kind !== "execution" && cursor?.startsWith(IN_EXECUTIONS) !== true && mayBeMessage(query)) {
    const afterId = cursor === undefined ? null : Buffer.from(cursor.slice(1), "base64url").toString();
    const found = await listMessages(loop, { workspace: query.workspace, afterId, limit });
    letters.push(
      ...found.filter((message) => fits(message, query)).map((message) => ({ kind: "message" as const, message })),
    );
    const last = found.at(-1);
    if (last !== undefined && found.length === limit) {
      return { letters, nextCursor: IN_MESSAGES + Buffer.from(last.id).toString("base64url") };
    }
  }
  if (kind === "message" || letters.length >= limit) return { letters, nextCursor: null };
  const inExecutions = cursor?.startsWith(IN_EXECUTIONS) === true ? { cursor: cursor.slice(1) } : {};
  const { rows, nextCursor } = await loop.store.findExecutions({
    ...toExecutionQuery(query),
    limit: limit - letters.length,
    ...inExecutions,
  });
  letters.push(...rows.map((row) => ({ kind: "execution" as const, row })));
  return { letters, nextCursor: nextCursor === null ? null : IN_EXECUTIONS + nextCursor };
}

/** A message has neither workflow nor error. */
function mayBeMessage({ workflow, errorCode }: LettersQuery): boolean {
  return workflow === undefined && errorCode === undefined;
}

function fits(message: DeadMessage, { createdFrom, createdBefore, text }: LettersQuery): boolean {
  if (createdFrom !== undefined && message.at < createdFrom) return false;
  if (createdBefore !== undefined && message.at >= createdBefore) return false;
  return text === undefined || JSON.stringify(message).toLowerCase().includes(text.toLowerCase());
}

function toExecutionQuery({ kind: _, cursor: _cursor, ...query }: LettersQuery): ExecutionQuery {
  return { ...query, deadLetter: true };
}
