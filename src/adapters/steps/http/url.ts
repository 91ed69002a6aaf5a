/** Addresses of requests: http or https, absolute, and without a name and password in them once these are taken out. */

import { quote } from "../../../core/base/text.ts";
import { readAuth } from "./auth.ts";
import { BadRequest } from "./bad-request.ts";
import type { Headers } from "./headers.ts";

export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  // The text may hold a secret, so it is not quoted.
  if (url === null) {
    throw new BadRequest("Expected `url` to be an absolute address such as https://example.com/path, but it is not.");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new BadRequest(`Expected \`url\` to begin with http: or https:, but it begins with ${quote(url.protocol)}.`);
  }
  return url;
}

/** A name and password in the address are another spelling of basic authentication. */
export function takeUserInfo(url: URL): Headers {
  if (url.username === "" && url.password === "") return {};
  const auth = readAuth({ type: "basic", username: decoded(url.username), password: decoded(url.password) });
  url.username = "";
  url.password = "";
  return auth;
}

/** How an address is named in messages: without its query, which may hold a secret. */
export function shown(url: URL): string {
  return quote(`${url.origin}${url.pathname}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an escape, but a percent sign that stands for itself.
    return text;
  }
}
