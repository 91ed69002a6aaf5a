/** What failed for good: looked at, tried again, or dropped. */

import type {
  LetterMessage,
  LetterSummary,
  LettersFilter,
  ReplayAnswer,
  ReplayedItem,
  ReplayMode,
} from "../../../src/core/protocol/dead-letters.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import { call, place } from "./call.ts";

export function listLetters(
  filter: LettersFilter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<LetterSummary>> {
  return call("GET", place("dead-letters"), {
    query: { ...filter, limit: 200, cursor },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function readLetter(id: string, signal?: AbortSignal): Promise<LetterMessage> {
  return call("GET", place("dead-letters", id), signal === undefined ? {} : { signal });
}

export function replayLetter(id: string, mode: ReplayMode): Promise<ReplayAnswer> {
  return call("POST", `${place("dead-letters", id)}/replay`, { body: { id: crypto.randomUUID(), mode } });
}

export function replayLetters(
  filter: LettersFilter,
  mode: ReplayMode,
  cursor: string | null,
): Promise<Page<ReplayedItem>> {
  return call("POST", `${place("dead-letters")}/replay`, {
    body: { id: crypto.randomUUID(), mode, filter, limit: 100, ...(cursor === null ? {} : { cursor }) },
  });
}

export function dropLetter(id: string): Promise<unknown> {
  return call("DELETE", place("dead-letters", id));
}
