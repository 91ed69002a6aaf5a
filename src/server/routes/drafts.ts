/** Drafts: begun, read, changed, published and shared. Editing them together is in `draft-stream.ts`. */

import { toRfc3339 } from "../../core/base/time.ts";
import {
  changeDraft,
  createDraft,
  createShare,
  type Draft,
  type DraftSummary,
  editDraft,
  listDrafts,
  listShares,
  publishDraft,
  readDraft,
  removeDraft,
  revokeShare,
  type Share,
} from "../../core/protocol/drafts.ts";
import { LIMIT_DEFAULT } from "../../core/protocol/message.ts";
import type { DraftRecord, ShareRecord } from "../../host/drafts/drafts.ts";
import { type Answer, json, NO_CONTENT, problem, refused } from "../answer.ts";
import { linkToNext } from "../paging.ts";
import { UPGRADE_REQUIRED } from "../upgrades.ts";
import type { RouteContext } from "./context.ts";
import { registeredAnswer } from "./workflows.ts";

const NEW_TEXT = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: new-workflow
spec:
  steps: []
`;

export function bindDrafts({ binder, host, drafts, insight: { live }, clock, addresses }: RouteContext): void {
  const whole = async (workspace: string, record: DraftRecord, status: 200 | 201): Promise<Answer> => {
    const text = await drafts.text({ workspace, draftId: record.id });
    const draft: Draft = { ...toSummary(record), text };
    return json(status, draft, {
      etag: etagOf(record),
      ...(status === 201 ? { location: `${createDraft.path}/${record.id}` } : {}),
    });
  };

  binder.bind(listDrafts, async ({ workspace, query, request }) => {
    const { limit = LIMIT_DEFAULT, cursor, workflow = null } = query;
    const afterId = cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");
    const found = await drafts.list({ workspace, workflow, limit: limit + 1, afterId });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const nextCursor = found.length > limit && last !== undefined ? Buffer.from(last.id).toString("base64url") : null;
    return json(200, { items: items.map(toSummary), next_cursor: nextCursor }, linkToNext(request, nextCursor));
  });

  binder.bind(createDraft, async ({ workspace, body }) => {
    const { workflow, version = null, text, title } = body;
    if (workflow === undefined) {
      const record = await drafts.create({
        workspace,
        title: title ?? "New workflow",
        workflow: null,
        baseVersion: null,
        text: text ?? NEW_TEXT,
      });
      return whole(workspace, record, 201);
    }
    const base = await host.definitions.read({ workspace, workflow, version });
    // One that is only designed so far has its text from whoever designs it.
    if (base === null && text !== undefined && version === null) {
      const record = await drafts.create({ workspace, title: title ?? workflow, workflow, baseVersion: null, text });
      return whole(workspace, record, 201);
    }
    if (base === null) {
      return problem(
        version === null ? "WORKFLOW_NOT_FOUND" : "VERSION_NOT_FOUND",
        `Expected a registered workflow to begin from, but there is no ${JSON.stringify(workflow)}${version === null ? "" : ` ${version}`}.`,
      );
    }
    const record = await drafts.create({
      workspace,
      title: title ?? base.name,
      workflow: base.name,
      baseVersion: base.version,
      text: text ?? base.text,
    });
    return whole(workspace, record, 201);
  });

  binder.bind(readDraft, async ({ workspace, params }) => {
    const record = await drafts.read({ workspace, draftId: params.draft });
    return record === null ? unknown(params.draft) : whole(workspace, record, 200);
  });

  binder.bind(changeDraft, async ({ workspace, params, body, headers }) => {
    const place = { workspace, draftId: params.draft };
    const known = await drafts.read(place);
    if (known === null) return unknown(params.draft);
    const seen = headers["if-match"];
    if (seen !== undefined && seen !== "*" && seen !== etagOf(known)) return changed(params.draft);
    if (body.text !== undefined) await drafts.replaceText(place, body.text);
    const record = body.title === undefined ? known : await drafts.change(place, known.revision, { title: body.title });
    return record === null ? changed(params.draft) : whole(workspace, record, 200);
  });

  binder.bind(removeDraft, async ({ workspace, params, headers }) => {
    const place = { workspace, draftId: params.draft };
    const known = await drafts.read(place);
    if (known === null) return unknown(params.draft);
    const seen = headers["if-match"];
    if (seen !== undefined && seen !== "*" && seen !== etagOf(known)) return changed(params.draft);
    return (await drafts.remove(place, known.revision)) ? NO_CONTENT : changed(params.draft);
  });

  binder.bind(publishDraft, async ({ workspace, params, body, headers }) => {
    const place = { workspace, draftId: params.draft };
    const known = await drafts.read(place);
    if (known === null) return unknown(params.draft);
    const outcome = await host.definitions.register({
      workspace,
      text: await drafts.text(place),
      name: null,
      ifMatch: body?.if_match ?? headers["if-match"] ?? null,
      now: clock.now(),
      dryRun: false,
    });
    if (!outcome.ok) return refused(outcome.refusal);
    const { name, version } = outcome.record;
    // Whoever changed the title meanwhile keeps it: these two are said again until they stand.
    while ((await drafts.change(place, null, { workflow: name, baseVersion: version })) === null) {
      if ((await drafts.read(place)) === null) break;
    }
    if (outcome.change !== "unchanged") live.noteWorkflow(workspace, { name, version, change: "registered" });
    return registeredAnswer(outcome, false);
  });

  binder.bind(listShares, async ({ workspace, params }) => {
    const place = { workspace, draftId: params.draft };
    if ((await drafts.read(place)) === null) return unknown(params.draft);
    return json(200, { items: (await drafts.shares(place)).map(toShare) });
  });

  binder.bind(createShare, async ({ workspace, params, body, headers }) => {
    const place = { workspace, draftId: params.draft };
    if ((await drafts.read(place)) === null) return unknown(params.draft);
    const { share, token } = await drafts.share(place, body.access);
    const url = `${addresses.api(headers.host)}/designer?draft=${encodeURIComponent(params.draft)}&share=${token}`;
    return json(201, { ...toShare(share), token, url } satisfies Share);
  });

  binder.bind(revokeShare, async ({ workspace, params }) => {
    const isRevoked = await drafts.revoke({ workspace, draftId: params.draft }, params.share);
    return isRevoked
      ? NO_CONTENT
      : problem("DOCUMENT_NOT_FOUND", "Expected a link of this draft, but there is none of that id.");
  });

  binder.bind(editDraft, () => ({ kind: "problem", trouble: UPGRADE_REQUIRED }));
}

function toSummary({ id, title, workflow, baseVersion, createdAt, updatedAt }: DraftRecord): DraftSummary {
  return {
    id,
    title,
    workflow,
    base_version: baseVersion,
    created_at: toRfc3339(createdAt),
    updated_at: toRfc3339(updatedAt),
  };
}

function toShare({ id, access, createdAt }: ShareRecord): Share {
  return { id, access, created_at: toRfc3339(createdAt) };
}

function etagOf({ revision }: DraftRecord): string {
  return `"${revision}"`;
}

function unknown(id: string): Answer {
  return problem("DOCUMENT_NOT_FOUND", `Expected a draft ${JSON.stringify(id)}, but there is none.`);
}

function changed(id: string): Answer {
  return problem(
    "REVISION_CONFLICT",
    `Expected the draft ${JSON.stringify(id)} to be as it was read, but somebody has changed it.`,
  );
}
