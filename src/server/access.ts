/**
 * Who may ask, and for which workspace. Everything that decides it is in this file, and everything is refused that is not
 * allowed here.
 *
 * This server knows no users. On a loopback address whoever reaches it is the administrator of the workspace `default`; on
 * any other address it does not start unless the configuration says in so many words that nobody is to be asked.
 */

import type { IncomingMessage } from "node:http";
import type { AnyRoute } from "../core/protocol/routes.ts";
import { type Trouble, trouble } from "./problems.ts";

export interface AccessConfig {
  /** The address to listen on. */
  readonly host: string;
  /** Null: nobody said. */
  readonly authEnabled: boolean | null;
  /** How callers reach the server where that is not its own address, such as `https://flows.example.com`. */
  readonly publicUrl: string | null;
}

/** Who asks. */
export interface Caller {
  readonly workspace: string;
  /** As histories name who did something by hand. */
  readonly name: string;
}

export type Admission =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly trouble: Trouble };

const DEFAULT_WORKSPACE = "default";
/** Where nobody is asked who he is. */
const NOBODY = "anonymous";

/** Why the server must not start like this; null if it may. */
export function accessRefusal({ host, authEnabled }: AccessConfig): string | null {
  if (authEnabled === true) {
    return "Expected security.auth_enabled to be false, but it is true and this build has no users. Leave it out and listen on 127.0.0.1, or set it to false.";
  }
  if (isLoopback(host) || authEnabled === false) return null;
  return `Expected security.auth_enabled to be set where the server listens on ${host}, but it is not. Set it to false if everybody who reaches that address may do everything, or listen on 127.0.0.1.`;
}

/** The one place where a request is let in or not. */
export function admit(request: IncomingMessage, route: AnyRoute | null, config: AccessConfig): Admission {
  const found = checkHost(request, config) ?? checkOrigin(request);
  if (found !== null) return { ok: false, trouble: found };
  return authorize(route);
}

/** Everybody has every permission of the one workspace there is; see above for when a server runs like this. */
function authorize(_route: AnyRoute | null): Admission {
  return { ok: true, caller: { workspace: DEFAULT_WORKSPACE, name: NOBODY } };
}

/**
 * A web page may give its own name the address 127.0.0.1 and would then be of one origin with this server. It cannot,
 * however, choose what its requests say in `Host`: a name that is not ours is somebody else's page.
 */
function checkHost({ headers }: IncomingMessage, config: AccessConfig): Trouble | null {
  if (!isLoopback(config.host)) return null;
  const name = hostnameOf(headers.host ?? "");
  if (name !== null && (isLoopback(name) || name.endsWith(".localhost") || name === publicHostname(config)))
    return null;
  return trouble(
    "HOST_NOT_ALLOWED",
    `Expected Host to name localhost or a loopback address, but it is ${JSON.stringify((headers.host ?? "").slice(0, 60))}.`,
  );
}

/**
 * Browsers say where a request comes from. One that changes something has to come from our own pages, or from no page; so
 * has one that opens a WebSocket, which any page could read.
 */
function checkOrigin({ headers, method }: IncomingMessage): Trouble | null {
  if ((method === "GET" || method === "HEAD") && headers.upgrade === undefined) return null;
  const { origin } = headers;
  const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase());
  if (isOwn && headers["sec-fetch-site"] !== "cross-site") return null;
  return trouble(
    "ORIGIN_NOT_ALLOWED",
    `Expected the request to come from a page of this server or from a program, but it comes from ${JSON.stringify((origin ?? "another site").slice(0, 60))}.`,
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/;

/** Without the port; null where the header is no host. */
export function hostnameOf(header: string): string | null {
  return HOST.exec(header)?.[1]?.toLowerCase() ?? null;
}

function publicHostname({ publicUrl }: AccessConfig): string | null {
  return publicUrl !== null && URL.canParse(publicUrl) ? new URL(publicUrl).hostname : null;
}
