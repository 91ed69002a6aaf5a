/** Services that the configuration names: where they are, and what each request to them carries. */

import type { JsonObject } from "../../../core/base/json.ts";
import { quote } from "../../../core/base/text.ts";
import { readAuth } from "./auth.ts";
import { BadRequest } from "./bad-request.ts";
import { type Headers, readHeaders } from "./headers.ts";
import { parseUrl, takeUserInfo } from "./url.ts";

/** As it stands in the configuration. */
export interface ServiceSettings {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: JsonObject;
  readonly timeoutMs?: number;
}

export interface HttpService {
  readonly name: string;
  readonly base: URL;
  readonly headers: Headers;
  readonly auth: Headers;
  readonly timeoutMs: number | null;
}

/** Throws where a setting is wrong: at start-up, not in the first step that uses it. */
export function readServices(settings: Readonly<Record<string, ServiceSettings>>): ReadonlyMap<string, HttpService> {
  return new Map(Object.entries(settings).map(([name, service]) => [name, readService(name, service)]));
}

function readService(name: string, settings: ServiceSettings): HttpService {
  try {
    const base = parseUrl(settings.url);
    const fromUrl = takeUserInfo(base);
    return {
      name,
      base,
      headers: readHeaders(settings.headers),
      auth: settings.auth === undefined ? fromUrl : readAuth(settings.auth),
      timeoutMs: settings.timeoutMs ?? null,
    };
  } catch (cause) {
    throw new Error(`Expected service ${quote(name)} to be configured rightly, but: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The endpoint below the service's base. Data in it may not lead to another host or out of the base path. */
export function addressOfService(service: HttpService, endpoint: string): URL {
  const base = new URL(service.base);
  const query = base.search;
  base.search = "";
  base.hash = "";
  const root = base.pathname.endsWith("/") ? base.pathname : `${base.pathname}/`;
  const rest = endpoint.replace(/^\/+/, "");
  const url = rest === "" ? base : URL.parse(`${base.origin}${root}${rest}`);
  const isBelow = url !== null && url.origin === base.origin && (rest === "" || url.pathname.startsWith(root));
  if (!isBelow)
    throw new BadRequest(
      `Expected \`endpoint\` to lead to a place below service ${quote(service.name)}, but it leads elsewhere.`,
    );
  if (url.search === "") url.search = query;
  return url;
}
