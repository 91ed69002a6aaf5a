/**
 * The HTTP server: the declared routes bound to the host, on one port or two.
 *
 *     const server = createServer({ host, insight, drafts, clock, entropy, config });
 *     const { url } = await server.listen();
 *     await server.close();      // stops accepting, ends who waits, lets the rest finish
 *
 * Both ports serve the same; the dashboard's port is where people begin. A start on an address that others can reach is
 * refused unless the configuration says that nobody is asked who he is.
 */

import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { Bug } from "../core/base/bug.ts";
import { ROUTES } from "../core/protocol/routes.ts";
import type { Drafts } from "../host/drafts/drafts.ts";
import type { Host } from "../host/host.ts";
import type { Insight } from "../host/insight/insight.ts";
import type { Clock } from "../ports/clock.ts";
import type { Entropy } from "../ports/entropy.ts";
import { type AccessConfig, accessRefusal, hostnameOf } from "./access.ts";
import { createBinder } from "./binding.ts";
import type { BodyLimits } from "./body.ts";
import { createEstimates } from "./estimates.ts";
import { bindBreakers } from "./routes/breakers.ts";
import { bindBulks } from "./routes/bulks.ts";
import type { Addresses, RouteContext } from "./routes/context.ts";
import { bindControls } from "./routes/controls.ts";
import { bindDeadLetters } from "./routes/dead-letters.ts";
import { bindDocuments } from "./routes/documents.ts";
import { bindDrafts } from "./routes/drafts.ts";
import { bindEvents } from "./routes/events.ts";
import { bindExecutions } from "./routes/executions.ts";
import { bindExecutors } from "./routes/executors.ts";
import { bindExplanations } from "./routes/explanations.ts";
import { bindExports } from "./routes/exports.ts";
import { bindExpressions } from "./routes/expressions.ts";
import { bindFigures } from "./routes/figures.ts";
import { bindHealth } from "./routes/health.ts";
import { bindLive } from "./routes/live.ts";
import { bindMetricQueries } from "./routes/metric-queries.ts";
import { bindMetrics } from "./routes/metrics.ts";
import { bindPages } from "./routes/pages.ts";
import { bindRepairs } from "./routes/repairs.ts";
import { bindShelves } from "./routes/shelves.ts";
import { bindStarts } from "./routes/starts.ts";
import { bindTasks } from "./routes/tasks.ts";
import { bindTemplates } from "./routes/templates.ts";
import { bindTopology } from "./routes/topology.ts";
import { bindWorkflowFigures } from "./routes/workflow-figures.ts";
import { bindWorkflows } from "./routes/workflows.ts";
import { createThrottle, type RequestRate } from "./throttle.ts";
import { answerBadConnection, answerUnrouted, createRequestIds } from "./unrouted.ts";
import { createUpgrades, isWebSocket, type Upgrades } from "./upgrades.ts";
import { createViews } from "./views.ts";

export interface ServerConfig extends AccessConfig {
  /** Whether `/metrics` is answered; left out: yes. */
  readonly servesMetrics?: boolean;
  /** 0: any that is free. */
  readonly port: number;
  /** Null: no second port. */
  readonly dashboardPort: number | null;
  readonly limits: BodyLimits;
  /** How many requests one token may send in a time; null or absent: as many as it likes. */
  readonly requests?: RequestRate | null;
  /** Of the product, as answers show it. */
  readonly version: string;
}

export interface ServerOptions {
  readonly host: Host;
  readonly insight: Insight;
  readonly drafts: Drafts;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly config: ServerConfig;
  /** For the log: what was thrown, and during what. */
  readonly report?: (error: unknown, about: string) => void;
}

export interface Server extends AsyncDisposable {
  /** Rejects if the configuration forbids it or a port is taken. */
  listen(): Promise<{ readonly url: string; readonly dashboardUrl: string | null }>;
  /** From now on `/ready` says no, while everything else is still served: for balancers to notice. */
  drain(): void;
  /** Resolves when everything has been answered, or when `graceMs` are over and the rest has been cut off. */
  close(graceMs?: number): Promise<void>;
}

const HEADERS_BYTES_MAX = 16 * 1024;
const HEADERS_MS_MAX = 15_000;
/** For the whole request with its body: long enough for the largest one over a slow line. */
const REQUEST_MS_MAX = 60_000;
/** A little more than balancers keep theirs, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_MAX = 25_000;
const PARAMETER_LENGTH_MAX = 2000;
const GRACE_MS = 10_000;
const SWEEP_MS = 20;

export function createServer({
  host,
  insight,
  drafts,
  clock,
  entropy,
  config,
  report = () => {},
}: ServerOptions): Server {
  const draining = new AbortController();
  let isDraining = false;
  let isClosing = false;
  const connections = { count: 0 };
  let listener: RequestListener | null = null;

  const nextRequestId = createRequestIds(entropy.id());

  const app: FastifyInstance = fastify({
    logger: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    genReqId: nextRequestId,
    // Fastify's own server is never opened: both of ours call its router.
    serverFactory: (handler) => {
      listener = handler;
      return createHttpServer();
    },
    frameworkErrors: (error, request, reply) => {
      // An address that cannot be read is answered before any hook has run.
      reply.headers({ "x-request-id": request.id, ...SECURITY_HEADERS });
      answerUnrouted(error, request, reply, config);
    },
  });
  app.removeAllContentTypeParsers();
  // Bodies are read by the binding, once it is known that the request is let in and how long it may be.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers({ "x-request-id": request.id, ...SECURITY_HEADERS });
    if (isClosing) reply.header("connection", "close");
    done();
  });
  app.setNotFoundHandler((request, reply) => answerUnrouted(null, request, reply, config));
  app.setErrorHandler((error, request, reply) => answerUnrouted(error, request, reply, config));

  const addresses = addressesOf(config, () => openPorts);
  const { requests = null } = config;
  const throttle = requests === null ? null : createThrottle(host, requests);
  const upgrades = createUpgrades({
    access: config,
    throttle,
    executors: host.executors,
    drafts,
    clock,
    frameBytesMax: config.limits.batchBytesMax,
    headers: SECURITY_HEADERS,
    nextRequestId,
    report,
  });
  const binder = createBinder(app, {
    access: config,
    limits: config.limits,
    throttle,
    draining: draining.signal,
    report,
  });
  const context: RouteContext = {
    binder,
    host,
    insight,
    drafts,
    clock,
    entropy,
    views: createViews(host),
    estimates: createEstimates(host, clock),
    addresses,
    facts: {
      version: config.version,
      payloadBytesMax: config.limits.payloadBytesMax,
      startedAt: clock.now(),
      servesMetrics: config.servesMetrics !== false,
      isDraining: () => isDraining,
      connections: () => connections.count,
    },
  };
  bindWorkflows(context);
  bindDrafts(context);
  bindStarts(context);
  bindExecutions(context);
  bindBulks(context);
  bindDeadLetters(context);
  bindExplanations(context);
  bindExports(context);
  bindControls(context);
  bindRepairs(context);
  bindTasks(context);
  bindExecutors(context);
  bindBreakers(context);
  bindEvents(context);
  bindExpressions(context);
  bindHealth(context);
  bindMetrics(context);
  bindFigures(context);
  bindMetricQueries(context, bindWorkflowFigures(context));
  bindLive(context);
  bindTopology(context);
  bindShelves(context);
  bindTemplates(context);
  bindDocuments(context);
  bindPages(context);
  for (const { method, path } of ROUTES) {
    if (!binder.bound.has(`${method} ${path}`))
      throw new Bug(`Expected ${method} ${path} to have a handler, but it has none.`);
  }

  let servers: readonly HttpServer[] = [];
  let openPorts: readonly number[] = [];

  async function listen(): Promise<{ readonly url: string; readonly dashboardUrl: string | null }> {
    const refusal = accessRefusal(config);
    if (refusal !== null) throw new Error(refusal);
    await app.ready();
    if (listener === null) throw new Bug("Expected the router to be there once it is ready.");
    const ports = config.dashboardPort === null ? [config.port] : [config.port, config.dashboardPort];
    const opened: HttpServer[] = [];
    try {
      for (const port of ports)
        opened.push(await openPort({ listener, host: config.host, port, upgrades, connections, report }));
    } catch (error) {
      for (const server of opened) server.close();
      throw error;
    }
    servers = opened;
    openPorts = opened.map(portOf);
    const [api, dashboard] = openPorts.map((port) => urlOf(config.host, port));
    return { url: api ?? "", dashboardUrl: dashboard ?? null };
  }

  async function close(graceMs = GRACE_MS): Promise<void> {
    isDraining = true;
    isClosing = true;
    draining.abort();
    upgrades.stop();
    const closed = Promise.all(servers.map(closeServer));
    const cancelGrace = clock.after(graceMs, () => {
      upgrades.cut();
      for (const server of servers) server.closeAllConnections();
    });
    // Whoever waited is answered now; a connection that falls idle by that would be kept for the next request.
    let cancelSweep = () => {};
    const sweep = () => {
      for (const server of servers) server.closeIdleConnections();
      cancelSweep = clock.after(SWEEP_MS, sweep);
    };
    sweep();
    await closed;
    cancelGrace();
    cancelSweep();
    servers = [];
    await app.close();
  }

  return {
    listen,
    drain: () => {
      isDraining = true;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** What every answer says: it is data, for this origin, and not to be kept. */
const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

async function openPort({
  listener,
  host,
  port,
  upgrades,
  connections,
  report,
}: {
  readonly listener: RequestListener;
  readonly host: string;
  readonly port: number;
  readonly upgrades: Upgrades;
  readonly connections: { count: number };
  readonly report: (error: unknown, about: string) => void;
}): Promise<HttpServer> {
  const server = createHttpServer(
    {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5000,
      // What asks for other protocols is answered in this one.
      shouldUpgradeCallback: isWebSocket,
    },
    listener,
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.on("connection", (socket) => {
    connections.count += 1;
    socket.once("close", () => {
      connections.count -= 1;
    });
  });
  upgrades.attach(server);
  server.on("clientError", (error: Error & { code?: string }, socket: Socket) => answerBadConnection(error, socket));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host }, resolve);
  await promise;
  server.off("error", reject);
  server.on("error", (error) => report(error, "a server's socket"));
  return server;
}

function closeServer(server: HttpServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Idle connections are closed by this as well; the others when their answers are out.
  server.close(() => resolve());
  return promise;
}

function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port;
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** By the name that the caller used, as long as it is one; a public address that is configured stands for both. */
function addressesOf(config: ServerConfig, ports: () => readonly number[]): Addresses {
  const address = (host: string | undefined, port: number): string => {
    if (config.publicUrl !== null) return config.publicUrl.replace(/\/+$/, "");
    return `http://${hostnameOf(host ?? "") ?? config.host}:${port}`;
  };
  return {
    api: (host) => address(host, ports()[0] ?? config.port),
    dashboard: (host) => address(host, ports().at(-1) ?? config.port),
    isDashboardPort: (port) => ports().length > 1 && port === ports().at(-1),
  };
}
