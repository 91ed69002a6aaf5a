/** Dashboards and saved views: small documents that people keep. */

import { Type } from "typebox";
import { CLOSED, type Message, message, type Page, PageQuery, page, time, unnamed } from "./message.ts";
import { PERIODS, type Period } from "./periods.ts";
import type { Route } from "./route.ts";

export const PANEL_TYPES = ["timeseries", "stat", "gauge", "bar", "pie", "histogram", "heatmap", "table"] as const;

export interface Panel {
  readonly id: string;
  readonly type: (typeof PANEL_TYPES)[number];
  readonly title: string;
  readonly metric: string;
  readonly workflow?: string | undefined;
  readonly aggregate?: string | undefined;
  readonly group_by?: string | undefined;
  readonly filters?: Readonly<Record<string, string>> | undefined;
  readonly period?: Period | undefined;
  readonly unit?: string | undefined;
  readonly thresholds?:
    | readonly { readonly value: number; readonly level: "good" | "warning" | "critical" }[]
    | undefined;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface DashboardContent {
  readonly id?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly panels: readonly Panel[];
}

export interface Dashboard extends DashboardContent {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const ID = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });
const NAME = Type.String({ minLength: 1, maxLength: 200 });
const COLUMNS = 24;

const PANEL = Type.Object(
  {
    id: ID,
    type: Type.Enum([...PANEL_TYPES]),
    title: Type.String({ maxLength: 200 }),
    metric: Type.String({ minLength: 1, maxLength: 200, description: "Name of a metric of the catalogue." }),
    workflow: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    aggregate: Type.Optional(Type.String({ maxLength: 20 })),
    group_by: Type.Optional(Type.String({ maxLength: 20 })),
    filters: Type.Optional(
      Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 200 }), { maxProperties: 20 }),
    ),
    period: Type.Optional(Type.Enum(Object.keys(PERIODS) as Period[])),
    unit: Type.Optional(Type.String({ maxLength: 40 })),
    thresholds: Type.Optional(
      Type.Array(Type.Object({ value: Type.Number(), level: Type.Enum(["good", "warning", "critical"]) }, CLOSED), {
        maxItems: 10,
      }),
    ),
    x: Type.Integer({ minimum: 0, maximum: COLUMNS - 1, description: `Column, of ${COLUMNS}.` }),
    y: Type.Integer({ minimum: 0, maximum: 10_000, description: "Row." }),
    w: Type.Integer({ minimum: 1, maximum: COLUMNS }),
    h: Type.Integer({ minimum: 1, maximum: 100 }),
  },
  CLOSED,
);

const CONTENT = {
  name: NAME,
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  panels: Type.Array(PANEL, { maxItems: 100 }),
};

export const DashboardContent: Message<DashboardContent> = message<DashboardContent>("DashboardContent")(
  Type.Object({ id: Type.Optional(ID), ...CONTENT }, CLOSED),
);

const STORED = { created_at: time("When it was made."), updated_at: time("When it was last changed.") };

export const Dashboard: Message<Dashboard> = message<Dashboard>("Dashboard")(
  Type.Object({ id: ID, ...CONTENT, ...STORED }),
);

export interface ViewContent {
  readonly id?: string | undefined;
  readonly name: string;
  readonly page: string;
  readonly search: string;
}

export interface SavedView extends ViewContent {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const VIEW = {
  name: NAME,
  page: Type.String({ minLength: 1, maxLength: 100, description: "The page that it is a view of: `executions`." }),
  search: Type.String({ maxLength: 4000, description: "The query of the page's address." }),
};

export const ViewContent: Message<ViewContent> = message<ViewContent>("SavedViewContent")(
  Type.Object({ id: Type.Optional(ID), ...VIEW }, CLOSED),
);
export const SavedView: Message<SavedView> = message<SavedView>("SavedView")(
  Type.Object({ id: ID, ...VIEW, ...STORED }),
);

export interface ShelfParams {
  readonly id: string;
}

const ShelfParams: Message<ShelfParams> = unnamed<ShelfParams>()(Type.Object({ id: ID }));

/** The five routes of one kind of document. */
export interface ShelfRoutes<C> {
  readonly list: Route<object, PageQuery, unknown>;
  readonly add: Route<object, object, C>;
  readonly read: Route<ShelfParams, object, unknown>;
  readonly replace: Route<ShelfParams, object, C>;
  readonly remove: Route<ShelfParams, object, unknown>;
}

function shelf<C, D>(options: {
  path: string;
  one: string;
  many: string;
  words: string;
  content: Message<C>;
  stored: Message<D>;
  items: Message<Page<D>>;
}): ShelfRoutes<C> {
  const { path, one, many, words, content, stored, items } = options;
  const body = { schema: content, isRequired: true, size: "single" } as const;
  const of = { tag: "metrics" } as const;
  const single = `${path}/{id}`;
  return {
    list: {
      ...of,
      method: "GET",
      path,
      operationId: `list${many}`,
      summary: `List ${words}s`,
      permission: "dashboards:read",
      params: null,
      query: PageQuery,
      body: null,
      answers: { 200: { description: "One page, in the order of their ids.", schema: items } },
      problems: [],
    },
    add: {
      ...of,
      method: "POST",
      path,
      operationId: `add${one}`,
      summary: `Keep a ${words}`,
      description: "An id is made where none is given.",
      permission: "dashboards:write",
      params: null,
      query: null,
      body,
      answers: { 201: { description: "Kept, with its `ETag`.", schema: stored } },
      problems: ["ID_TAKEN", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
    },
    read: {
      ...of,
      method: "GET",
      path: single,
      operationId: `read${one}`,
      summary: `Read a ${words}`,
      permission: "dashboards:read",
      params: ShelfParams,
      query: null,
      body: null,
      answers: {
        200: { description: "It, with its `ETag`.", schema: stored },
        304: { description: "Not changed since the `ETag` in `If-None-Match`.", schema: null },
      },
      problems: ["DOCUMENT_NOT_FOUND"],
    },
    replace: {
      ...of,
      method: "PUT",
      path: single,
      operationId: `replace${one}`,
      summary: `Change a ${words}`,
      description: "`If-Match` refuses the change when somebody else was faster.",
      permission: "dashboards:write",
      params: ShelfParams,
      query: null,
      body,
      answers: { 200: { description: "Changed, with its new `ETag`.", schema: stored } },
      problems: ["DOCUMENT_NOT_FOUND", "REVISION_CONFLICT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"],
    },
    remove: {
      ...of,
      method: "DELETE",
      path: single,
      operationId: `remove${one}`,
      summary: `Remove a ${words}`,
      permission: "dashboards:write",
      params: ShelfParams,
      query: null,
      body: null,
      answers: { 204: { description: "Gone.", schema: null } },
      problems: ["DOCUMENT_NOT_FOUND", "REVISION_CONFLICT"],
    },
  };
}

export const dashboardRoutes: ShelfRoutes<DashboardContent> = shelf({
  path: "/api/v1/dashboards",
  one: "Dashboard",
  many: "Dashboards",
  words: "dashboard",
  content: DashboardContent,
  stored: Dashboard,
  items: page("DashboardPage", Dashboard),
});

export const viewRoutes: ShelfRoutes<ViewContent> = shelf({
  path: "/api/v1/views",
  one: "SavedView",
  many: "SavedViews",
  words: "saved view",
  content: ViewContent,
  stored: SavedView,
  items: page("SavedViewPage", SavedView),
});
