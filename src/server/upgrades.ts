/**
 * Requests that want to become WebSockets. There is one address for them; every request passes the same checks as any
 * other, and whatever is wrong with it is answered as a problem before the upgrade.
 */

import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { AnyRoute } from "../core/protocol/routes.ts";
import { streamTasks, TASK_STREAM_PROTOCOL } from "../core/protocol/task-stream.ts";
import type { Executors } from "../host/executors.ts";
import type { Clock } from "../ports/clock.ts";
import { type AccessConfig, admit, type Caller } from "./access.ts";
import { pathOf } from "./binding.ts";
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
  readonly clock: Clock;
  readonly frameBytesMax: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly nextRequestId: (request: IncomingMessage) => string;
  readonly report: (error: unknown, about: string) => void;
}): Upgrades {
  const streams = new Set<TaskStream>();
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
    handleProtocols: () => TASK_STREAM_PROTOCOL,
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
      const caller = await letIn(request);
      if (socket.destroyed) return;
      socket.off("error", onError);
      sockets.handleUpgrade(request, socket, head, (opened) => open(opened, caller, requestId));
    } catch (error) {
      const found = troubleOfError(error);
      if (found.code === "INTERNAL") world.report(error, `an upgrade (${requestId})`);
      refuse(request, socket, found, requestId);
    }
  }

  /** Throws what is wrong with it. */
  async function letIn(request: IncomingMessage): Promise<Caller> {
    const path = pathOf(request.url ?? "");
    const isKnown = path === streamTasks.path && request.method === streamTasks.method && isWebSocket(request);
    const admission = admit(request, isKnown ? (streamTasks as AnyRoute) : null, world.access);
    if (!admission.ok) throw new TroubleError(admission.trouble);
    const wrong = isKnown ? wrongWith(request) : elsewhere(path);
    if (wrong !== null) throw new TroubleError(wrong);
    const held = (await world.throttle?.(path, admission.caller, { headers: () => {} })) ?? null;
    if (held !== null) throw new TroubleError(held);
    if (isStopping) throw new TroubleError(trouble("UNAVAILABLE", "Expected the server to run, but it is stopping."));
    if (streams.size < STREAMS_MAX) return admission.caller;
    const detail = `Expected at most ${STREAMS_MAX} open WebSockets, but there are as many.`;
    throw new TroubleError(trouble("OVERLOADED", detail));
  }

  function open(socket: WebSocket, { workspace }: Caller, requestId: string): void {
    const { executors, clock, report } = world;
    const closed = () => streams.delete(stream);
    const path = streamTasks.path;
    const stream = serveTaskStream({ socket, executors, clock, workspace, path, requestId, report, closed });
    streams.add(stream);
    if (isStopping) stream.stop();
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
    },
    cut() {
      for (const stream of [...streams]) stream.cut();
    },
  };
}

function wrongWith({ url, headers }: IncomingMessage): Trouble | null {
  if (url?.includes("?") === true) {
    return trouble("BAD_REQUEST", "Expected an address without a query, but there is one.");
  }
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (offered.includes(TASK_STREAM_PROTOCOL)) return null;
  const detail = `Expected the subprotocol ${TASK_STREAM_PROTOCOL} to be offered, but it is not.`;
  return trouble("BAD_REQUEST", detail, [{ pointer: "header/sec-websocket-protocol", detail }]);
}

function elsewhere(path: string): Trouble {
  const shown = JSON.stringify(path.slice(0, 100));
  return trouble(
    "ROUTE_NOT_FOUND",
    `Expected GET ${streamTasks.path} for a WebSocket, but there is none to be had in this way at ${shown}.`,
  );
}
