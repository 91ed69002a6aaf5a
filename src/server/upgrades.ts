/**
 * Requests that want to become WebSockets. There are two addresses for them, tasks and drafts; every request passes the same checks as any
 * other, and whatever is wrong with it is answered as a problem before the upgrade.
 */

import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { DRAFT_CLOSE, DRAFT_PROTOCOL, editDraft } from "../core/protocol/drafts.ts";
import type { AnyRoute } from "../core/protocol/routes.ts";
import { streamTasks, TASK_STREAM_PROTOCOL } from "../core/protocol/task-stream.ts";
import type { Drafts } from "../host/drafts/drafts.ts";
import type { Executors } from "../host/executors.ts";
import type { Clock } from "../ports/clock.ts";
import { type AccessConfig, admit, type Caller } from "./access.ts";
import { pathOf } from "./binding.ts";
import { type DraftStream, serveDraft } from "./draft-stream.ts";
import { type Trouble, TroubleError, trouble, troubleOfError } from "./problems.ts";
import { serveTaskStream, type TaskStream } from "./task-stream.ts";
import type { Throttle } from "./throttle.ts";
import { endWithProblem } from "./unrouted.ts";

export interface Upgrades {
  /** From now on requests to this server may become WebSockets. */
  attach(server: HttpServer): void;
  /** Lets none in any more; those there are answer for what has come in, and close. */
  stop(): void;
  /** Closes what is left at once. */
  cut(): void;
}

/** A fleet has one connection for each process; ten thousand processes have more than one platform. */
const STREAMS_MAX = 10_000;
const FRAGMENTS_MAX = 1024;

/** What a request is told that could be a WebSocket and does not want to. */
export const UPGRADE_REQUIRED: Trouble = {
  ...trouble("UPGRADE_REQUIRED", "Expected a request that opens a WebSocket, but it does not ask for an upgrade."),
  headers: { upgrade: "websocket", connection: "upgrade" },
};

export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

export function createUpgrades(world: {
  readonly access: AccessConfig;
  readonly throttle: Throttle | null;
  readonly executors: Executors;
  readonly drafts: Drafts;
  readonly clock: Clock;
  readonly frameBytesMax: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly nextRequestId: (request: IncomingMessage) => string;
  readonly report: (error: unknown, about: string) => void;
}): Upgrades {
  const streams = new Set<TaskStream>();
  const draftStreams = new Set<DraftStream>();
  world.drafts.onClosed((id) => {
    for (const stream of [...draftStreams])
      if (stream.openedBy.has(id))
        stream.close(DRAFT_CLOSE.gone, "Expected the draft and the link to it to be there, but one of them is gone.");
  });
  let isStopping = false;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Bytes that are no UTF-8 are told so by whoever reads the frame.
    skipUTF8Validation: true,
    autoPong: false,
    maxPayload: world.frameBytesMax,
    maxFragments: FRAGMENTS_MAX,
    handleProtocols: (_offered, { url }) => (draftOf(url ?? "") === null ? TASK_STREAM_PROTOCOL : DRAFT_PROTOCOL),
  });
  sockets.on("wsClientError", (error: Error, socket: Duplex, request: IncomingMessage) => {
    const found = trouble(
      "BAD_REQUEST",
      `Expected a request that opens a WebSocket (RFC 6455), but: ${error.message}.`,
    );
    refuse(request, socket, { ...found, headers: { "sec-websocket-version": "13, 8" } }, world.nextRequestId(request));
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = world.nextRequestId(request);
    const onError = () => socket.destroy();
    socket.on("error", onError);
    try {
      const { caller, draft } = await letIn(request);
      const begin = draft === null ? beginTasks(caller, requestId) : await beginDraft(caller, draft);
      if (socket.destroyed) return begin.abandon();
      socket.off("error", onError);
      sockets.handleUpgrade(request, socket, head, begin.open);
    } catch (error) {
      const found = troubleOfError(error);
      if (found.code === "INTERNAL") world.report(error, `an upgrade (${requestId})`);
      refuse(request, socket, found, requestId);
    }
  }

  /** Throws what is wrong with it. */
  async function letIn(
    request: IncomingMessage,
  ): Promise<{ readonly caller: Caller; readonly draft: DraftPlace | null }> {
    const path = pathOf(request.url ?? "");
    const draft = draftOf(request.url ?? "");
    const route =
      path === streamTasks.path ? (streamTasks as AnyRoute) : draft === null ? null : (editDraft as AnyRoute);
    const isKnown = route !== null && request.method === route.method && isWebSocket(request);
    const admission = admit(request, isKnown ? route : null, world.access);
    if (!admission.ok) throw new TroubleError(admission.trouble);
    const wrong = isKnown ? wrongWith(request, draft) : elsewhere(path);
    if (wrong !== null) throw new TroubleError(wrong);
    const held = (await world.throttle?.(path, admission.caller, { headers: () => {} })) ?? null;
    if (held !== null) throw new TroubleError(held);
    if (isStopping) throw new TroubleError(trouble("UNAVAILABLE", "Expected the server to run, but it is stopping."));
    if (streams.size + draftStreams.size < STREAMS_MAX) return { caller: admission.caller, draft };
    const detail = `Expected at most ${STREAMS_MAX} open WebSockets, but there are as many.`;
    throw new TroubleError(trouble("OVERLOADED", detail));
  }

  function beginTasks({ workspace }: Caller, requestId: string): Begun {
    const { executors, clock, report } = world;
    return {
      abandon: () => {},
      open(socket) {
        const closed = () => streams.delete(stream);
        const path = streamTasks.path;
        const stream = serveTaskStream({ socket, executors, clock, workspace, path, requestId, report, closed });
        streams.add(stream);
        if (isStopping) stream.stop();
      },
    };
  }

  /** Who comes by a link may do what the link says, and nothing else; who comes without one, what he may do anyway. */
  async function beginDraft({ workspace }: Caller, { id, share }: DraftPlace): Promise<Begun> {
    const { drafts, clock } = world;
    const link = share === null ? null : await drafts.shareOf(workspace, share);
    const isOpen = share === null || link?.draftId === id;
    const entered = isOpen ? await drafts.enter({ workspace, draftId: id }) : null;
    if (entered === null)
      throw new TroubleError(
        trouble(
          "DOCUMENT_NOT_FOUND",
          "Expected a draft, and a link that opens it where there is one, but there is none.",
        ),
      );
    return {
      abandon: entered.leave,
      open(socket) {
        const openedBy = new Set(link === null ? [id] : [id, link.id]);
        const closed = () => {
          draftStreams.delete(stream);
          entered.leave();
        };
        const canEdit = link === null || link.access === "edit";
        const stream = serveDraft({ socket, room: entered.room, canEdit, openedBy, clock, closed });
        draftStreams.add(stream);
        if (isStopping) stream.close(GOING_AWAY, "The platform is stopping.");
      },
    };
  }

  function refuse(request: IncomingMessage, socket: Duplex, found: Trouble, requestId: string): void {
    if (socket.destroyed || !socket.writable) return void socket.destroy();
    const headers = { "x-request-id": requestId, ...world.headers };
    endWithProblem(socket, found, { path: pathOf(request.url ?? ""), requestId }, headers);
  }

  return {
    attach(server) {
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        void upgrade(request, socket, head);
      });
    },
    stop() {
      isStopping = true;
      for (const stream of [...streams]) stream.stop();
      for (const stream of [...draftStreams]) stream.close(GOING_AWAY, "The platform is stopping.");
    },
    cut() {
      for (const stream of [...streams]) stream.cut();
      for (const stream of [...draftStreams]) stream.cut();
    },
  };
}

function wrongWith({ url, headers }: IncomingMessage, draft: DraftPlace | null): Trouble | null {
  if (draft === null && url?.includes("?") === true) {
    return trouble("BAD_REQUEST", "Expected an address without a query, but there is one.");
  }
  const wanted = draft === null ? TASK_STREAM_PROTOCOL : DRAFT_PROTOCOL;
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (offered.includes(wanted)) return null;
  const detail = `Expected the subprotocol ${wanted} to be offered, but it is not.`;
  return trouble("BAD_REQUEST", detail, [{ pointer: "header/sec-websocket-protocol", detail }]);
}

interface DraftPlace {
  readonly id: string;
  /** The token of a link; null: he comes without one. */
  readonly share: string | null;
}

/** What is done with a request once it has been let in. */
interface Begun {
  open(socket: WebSocket): void;
  /** The caller has gone meanwhile. */
  abandon(): void;
}

const DRAFT_ADDRESS = /^\/api\/v1\/drafts\/([A-Za-z0-9_-]{1,64})\/live(?:\?share=([A-Za-z0-9_-]{1,200}))?$/;

/** RFC 6455: the endpoint is going away. */
const GOING_AWAY = 1001;

function draftOf(url: string): DraftPlace | null {
  const found = DRAFT_ADDRESS.exec(url);
  return found === null ? null : { id: found[1] ?? "", share: found[2] ?? null };
}

function elsewhere(path: string): Trouble {
  const shown = JSON.stringify(path.slice(0, 100));
  return trouble(
    "ROUTE_NOT_FOUND",
    `Expected GET ${streamTasks.path} for a WebSocket, but there is none to be had in this way at ${shown}.`,
  );
}
