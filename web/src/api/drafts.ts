/** Drafts as the platform keeps them, and links to them. */

import type { Draft, DraftSummary, Share, ShareAccess } from "../../../src/core/protocol/drafts.ts";
import type { Page } from "../../../src/core/protocol/message.ts";
import { call, place } from "./call.ts";

export function listDrafts(workflow: string | null, signal?: AbortSignal): Promise<Page<DraftSummary>> {
  return call("GET", place("drafts"), { query: { limit: 200, workflow }, ...(signal === undefined ? {} : { signal }) });
}

/** Without a text it begins from the registered workflow. */
export function createDraft(request: {
  readonly workflow: string;
  readonly title?: string;
  readonly text?: string;
}): Promise<Draft> {
  return call("POST", place("drafts"), { body: request });
}

export function readDraft(id: string, share: string | null, signal?: AbortSignal): Promise<Draft> {
  return call("GET", place("drafts", id), { query: { share }, ...(signal === undefined ? {} : { signal }) });
}

export function removeDraft(id: string): Promise<unknown> {
  return call("DELETE", place("drafts", id));
}

export function createShare(draft: string, access: ShareAccess): Promise<Share> {
  return call("POST", place("drafts", draft, "shares"), { body: { access } });
}

/**
 * The one draft of a workflow that everybody edits. Two who begin one at the same moment meet in the older: ids are in the
 * order of time.
 */
export async function draftOf(workflow: string, text: string | null): Promise<DraftSummary> {
  const [known] = (await listDrafts(workflow)).items;
  if (known !== undefined) return known;
  const own = await createDraft({ workflow, title: workflow, ...(text === null ? {} : { text }) });
  const [first] = (await listDrafts(workflow)).items;
  if (first === undefined || first.id === own.id) return own;
  await removeDraft(own.id);
  return first;
}
