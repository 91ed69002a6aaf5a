/** Where a redirect leads, and what goes along. */

import { BadRequest } from "./bad-request.ts";
import type { Message } from "./exchange.ts";
import { type Headers, harmless } from "./headers.ts";
import type { RawResponse } from "./response.ts";
import { shown, takeUserInfo } from "./url.ts";

/** More is a loop, or a maze. */
export const REDIRECTS_MAX = 5;

const KEEP_METHOD: ReadonlySet<number> = new Set([307, 308]);
const STATUSES: ReadonlySet<number> = new Set([301, 302, 303, ...KEEP_METHOD]);

export function isRedirect(response: RawResponse): boolean {
  return STATUSES.has(response.status) && typeof response.headers["location"] === "string";
}

/**
 * The next message. Another origin gets nothing that proves who we are. After 301, 302 and 303 anything but GET and HEAD
 * becomes a GET without its body, as browsers do it.
 */
export function followed(message: Message, response: RawResponse): Message {
  const url = URL.parse(String(response.headers["location"]), message.url);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new BadRequest(
      `Expected the redirect from ${shown(message.url)} to lead to an http or https address, but it does not.`,
    );
  }
  takeUserInfo(url);
  const headers = url.origin === message.url.origin ? message.headers : harmless(message.headers);
  const keepsMethod = KEEP_METHOD.has(response.status) || message.method === "GET" || message.method === "HEAD";
  if (keepsMethod) return { ...message, url, headers };
  return { url, method: "GET", headers: withoutContent(headers), body: null };
}

function withoutContent(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("content-")));
}
