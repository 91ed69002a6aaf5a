/** Drafts on the wire: workflow texts that are being edited, the links that let others in, and the stream of their edits. */

import { Type } from "typebox";
import {
  CLOSED,
  type Message,
  message,
  orNull,
  PAGE_QUERY,
  type Page,
  type PageQuery,
  page,
  time,
  unnamed,
} from "./message.ts";
import type { Route } from "./route.ts";
import { RegisterAnswer } from "./workflows.ts";

export interface DraftSummary {
  readonly id: string;
  readonly title: string;
  readonly workflow: string | null;
  readonly base_version: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

const SUMMARY = {
  id: Type.String(),
  title: Type.String(),
  workflow: orNull(Type.String({ description: "The workflow that it will be a version of; null: a new one." })),
  base_version: orNull(Type.String({ description: "The version that it began from, or was last published as." })),
  created_at: time("When it was begun."),
  updated_at: time("When its title was last changed, or it was published."),
};

export const DraftSummary: Message<DraftSummary> = message<DraftSummary>("DraftSummary")(Type.Object(SUMMARY));
export const DraftPage: Message<Page<DraftSummary>> = page("DraftPage", DraftSummary);

export interface Draft extends DraftSummary {
  readonly text: string;
}

export const Draft: Message<Draft> = message<Draft>("Draft")(
  Type.Object({ ...SUMMARY, text: Type.String({ description: "As it is now, whoever is editing it." }) }),
);

const TITLE = Type.String({ minLength: 1, maxLength: 200 });
const TEXT = Type.String({ maxLength: 1024 * 1024, description: "The text of the workflow; it may be wrong." });

export interface NewDraft {
  readonly title?: string | undefined;
  readonly workflow?: string | undefined;
  readonly version?: string | undefined;
  readonly text?: string | undefined;
}

export const NewDraft: Message<NewDraft> = message<NewDraft>("NewDraft")(
  Type.Object(
    {
      title: Type.Optional(TITLE),
      workflow: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "Begin with the text of this workflow." }),
      ),
      version: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: "The active one where left out." }),
      ),
      text: Type.Optional(TEXT),
    },
    CLOSED,
  ),
);

export interface DraftChange {
  readonly title?: string | undefined;
  readonly text?: string | undefined;
}

export const DraftChange: Message<DraftChange> = message<DraftChange>("DraftChange")(
  Type.Object({ title: Type.Optional(TITLE), text: Type.Optional(TEXT) }, CLOSED),
);

export interface PublishDraft {
  readonly if_match?: string | undefined;
}

export const PublishDraft: Message<PublishDraft> = message<PublishDraft>("PublishDraft")(
  Type.Object(
    {
      if_match: Type.Optional(
        Type.String({
          maxLength: 200,
          description: "`ETag` of the workflow that was seen: refused if it has changed.",
        }),
      ),
    },
    CLOSED,
  ),
);

export const SHARE_ACCESS = ["read", "edit"] as const;
export type ShareAccess = (typeof SHARE_ACCESS)[number];

export interface NewShare {
  readonly access: ShareAccess;
}

export const NewShare: Message<NewShare> = message<NewShare>("NewShare")(
  Type.Object({ access: Type.Enum(["read", "edit"]) }, CLOSED),
);

export interface Share {
  readonly id: string;
  readonly access: ShareAccess;
  readonly created_at: string;
  /** Told once, when the link is made. */
  readonly token?: string;
  readonly url?: string;
}

const SHARE = {
  id: Type.String(),
  access: Type.Enum(["read", "edit"]),
  created_at: time("When it was made."),
  token: Type.Optional(Type.String({ description: "Told once, when the link is made." })),
  url: Type.Optional(Type.String({ description: "The page that it opens." })),
};

export const Share: Message<Share> = message<Share>("Share")(Type.Object(SHARE));

export interface ShareList {
  readonly items: readonly Share[];
}

export const ShareList: Message<ShareList> = message<ShareList>("ShareList")(Type.Object({ items: Type.Array(Share) }));

export interface DraftParams {
  readonly draft: string;
}

const DRAFT = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: "^[A-Za-z0-9_-]+$",
  description: "Id of the draft.",
});
const DraftParams: Message<DraftParams> = unnamed<DraftParams>()(Type.Object({ draft: DRAFT }));

export interface ShareParams extends DraftParams {
  readonly share: string;
}

const ShareParams: Message<ShareParams> = unnamed<ShareParams>()(
  Type.Object({ draft: DRAFT, share: Type.String({ minLength: 1, maxLength: 64 }) }),
);

export interface DraftsQuery extends PageQuery {
  readonly workflow?: string;
}

const DraftsQuery: Message<DraftsQuery> = unnamed<DraftsQuery>()(
  Type.Object(
    {
      ...PAGE_QUERY,
      workflow: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "Only those of it." })),
    },
    CLOSED,
  ),
);

/** A link in place of a permission. */
export interface DraftQuery {
  readonly share?: string;
}

const DraftQuery: Message<DraftQuery> = unnamed<DraftQuery>()(
  Type.Object(
    { share: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "The token of a link." })) },
    CLOSED,
  ),
);

const BASE = "/api/v1/drafts";
const ONE = `${BASE}/{draft}`;
const READ = { tag: "drafts", permission: "drafts:read" } as const;
const WRITE = { tag: "drafts", permission: "drafts:write" } as const;

export const listDrafts: Route<object, DraftsQuery, unknown> = {
  ...READ,
  method: "GET",
  path: BASE,
  operationId: "listDrafts",
  summary: "List drafts, in the order in which they were begun",
  params: null,
  query: DraftsQuery,
  body: null,
  answers: { 200: { description: "One page.", schema: DraftPage } },
  problems: [],
};

export const createDraft: Route<object, object, NewDraft> = {
  ...WRITE,
  method: "POST",
  path: BASE,
  operationId: "createDraft",
  summary: "Begin a draft",
  description: "From a registered workflow, from a text, or from nothing.",
  params: null,
  query: null,
  body: { schema: NewDraft, isRequired: true, size: "document" },
  answers: { 201: { description: "Begun, with its `ETag`.", schema: Draft } },
  problems: ["WORKFLOW_NOT_FOUND", "VERSION_NOT_FOUND", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};

export const readDraft: Route<DraftParams, DraftQuery, unknown> = {
  ...READ,
  method: "GET",
  path: ONE,
  operationId: "readDraft",
  summary: "Read a draft as it is now",
  params: DraftParams,
  query: DraftQuery,
  body: null,
  answers: { 200: { description: "It, with its `ETag`.", schema: Draft } },
  problems: ["DOCUMENT_NOT_FOUND"],
};

export const changeDraft: Route<DraftParams, object, DraftChange> = {
  ...WRITE,
  method: "PUT",
  path: ONE,
  operationId: "changeDraft",
  summary: "Change the title or the text of a draft",
  description: "A text takes the place of the one that is there as one edit: whoever is editing sees it at once.",
  params: DraftParams,
  query: null,
  body: { schema: DraftChange, isRequired: true, size: "document" },
  answers: { 200: { description: "Changed and on disk.", schema: Draft } },
  problems: ["DOCUMENT_NOT_FOUND", "REVISION_CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};

export const removeDraft: Route<DraftParams, object, unknown> = {
  ...WRITE,
  method: "DELETE",
  path: ONE,
  operationId: "removeDraft",
  summary: "Remove a draft with its past and its links",
  params: DraftParams,
  query: null,
  body: null,
  answers: { 204: { description: "Gone.", schema: null } },
  problems: ["DOCUMENT_NOT_FOUND", "REVISION_CONFLICT"],
};

export const publishDraft: Route<DraftParams, object, PublishDraft> = {
  ...WRITE,
  method: "POST",
  path: `${ONE}/publish`,
  operationId: "publishDraft",
  summary: "Register the text of a draft as a version",
  description: "As `POST /workflows` does it. The draft stays, and goes on from that version.",
  params: DraftParams,
  query: null,
  body: { schema: PublishDraft, isRequired: false, size: "single" },
  answers: {
    200: { description: "This content was registered before; nothing has changed.", schema: RegisterAnswer },
    201: { description: "Registered.", schema: RegisterAnswer },
  },
  problems: [
    "DOCUMENT_NOT_FOUND",
    "DEFINITION_INVALID",
    "VERSION_EXISTS",
    "REVISION_CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
  ],
};

export const listShares: Route<DraftParams, object, unknown> = {
  ...WRITE,
  method: "GET",
  path: `${ONE}/shares`,
  operationId: "listShares",
  summary: "List the links to a draft",
  params: DraftParams,
  query: null,
  body: null,
  answers: { 200: { description: "All, without their tokens.", schema: ShareList } },
  problems: ["DOCUMENT_NOT_FOUND"],
};

export const createShare: Route<DraftParams, object, NewShare> = {
  ...WRITE,
  method: "POST",
  path: `${ONE}/shares`,
  operationId: "createShare",
  summary: "Make a link to a draft",
  params: DraftParams,
  query: null,
  body: { schema: NewShare, isRequired: true, size: "single" },
  answers: { 201: { description: "Made. Its token is told this once.", schema: Share } },
  problems: ["DOCUMENT_NOT_FOUND", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
};

export const revokeShare: Route<ShareParams, object, unknown> = {
  ...WRITE,
  method: "DELETE",
  path: `${ONE}/shares/{share}`,
  operationId: "revokeShare",
  summary: "Take a link back",
  description: "Whoever is there by it is put out at once.",
  params: ShareParams,
  query: null,
  body: null,
  answers: { 204: { description: "It opens nothing any more.", schema: null } },
  problems: ["DOCUMENT_NOT_FOUND"],
};

/** The subprotocol of the WebSocket. */
export const DRAFT_PROTOCOL = "magicflow.drafts.v1";

/** What a frame is, by its first number: the messages of y-protocols, and two of ours. */
export const DRAFT_FRAMES = {
  /** Of y-protocols: what the other lacks, or an edit. */
  sync: 0,
  /** Of y-protocols: who is looking at what. */
  awareness: 1,
  /** From the platform: the state vector of what is on disk. */
  saved: 100,
  /** From the platform, first: 1 if this connection may edit, else 0. */
  access: 101,
} as const;

/** Why the platform closes a connection. */
export const DRAFT_CLOSE = {
  badFrame: 4400,
  mayNotEdit: 4403,
  gone: 4404,
  tooLarge: 4413,
} as const;

export const editDraft: Route<DraftParams, DraftQuery, unknown> = {
  ...READ,
  method: "GET",
  path: `${ONE}/live`,
  operationId: "editDraft",
  summary: "Edit a draft together with others over one WebSocket",
  description: `Upgrades to a WebSocket with the subprotocol \`${DRAFT_PROTOCOL}\`. Frames are binary: the sync and awareness messages of y-protocols over a Yjs document with the text \`text\` and the maps \`layout\`, \`notes\`, \`pins\` and \`meta\`; type 100 tells which state is on disk, type 101 whether the connection may edit. An edit from one that may not closes it with 4403, and is not taken in.`,
  params: DraftParams,
  query: DraftQuery,
  body: null,
  answers: { 101: { description: "The connection is a WebSocket now.", schema: null } },
  problems: ["UPGRADE_REQUIRED", "DOCUMENT_NOT_FOUND", "OVERLOADED"],
};
