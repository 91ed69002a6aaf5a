/** The pages for people, and what they load. The same document stands at each of their addresses. */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PAGE_ROUTES, PAGES, readAsset } from "../../core/protocol/pages.ts";
import { type Answer, problem } from "../answer.ts";
import { html, PAGE_HEADERS, page } from "../pages/html.ts";
import { openWebFiles } from "../pages/web-files.ts";
import type { RouteContext } from "./context.ts";

/** From `src/server/routes` as from `dist/server/routes`. */
const BUILT = join(import.meta.dirname, "../../../web/dist");

export function bindPages({ binder, addresses }: RouteContext): void {
  const files = openWebFiles(BUILT);

  for (const route of PAGE_ROUTES) {
    binder.bind(route, async ({ request }): Promise<Answer> => {
      // Both ports have the same pages; the dashboard's begins with the overview.
      if (route.path === PAGES.home && addresses.isDashboardPort(request.socket.localPort))
        return { kind: "text", status: 302, type: "text/plain", text: "", headers: { location: PAGES.overview } };
      const nonce = randomBytes(16).toString("base64url");
      const text = await files.readPage(nonce);
      const type = "text/html; charset=utf-8";
      if (text === null) return { kind: "text", status: 503, type, text: NOT_BUILT, headers: PAGE_HEADERS };
      return { kind: "text", status: 200, type, text, headers: appHeaders(nonce) };
    });
  }

  binder.bind(readAsset, async ({ params, headers }): Promise<Answer> => {
    const asset = await files.readAsset(params.file, String(headers["accept-encoding"] ?? ""));
    if (asset === null)
      return problem("ROUTE_NOT_FOUND", "Expected the name of a file of the pages, but there is none.");
    return {
      kind: "bytes",
      status: 200,
      type: asset.type,
      bytes: asset.bytes,
      headers: {
        vary: "accept-encoding",
        "cache-control": asset.isHashed ? "public, max-age=31536000, immutable" : "no-cache",
        ...(asset.encoding === null ? {} : { "content-encoding": asset.encoding }),
      },
    };
  });
}

/**
 * Nothing from elsewhere, no text that becomes code. Components write a few rules of style of their own: those carry the
 * nonce of their document. Pictures that the canvas exports are made in memory (`blob:`).
 */
function appHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "connect-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "cache-control": "no-store",
  };
}

const NOT_BUILT = page(
  "Magic Flow",
  html`<h1>The pages have not been built</h1>
<p>The platform runs, and so do its <a href="/api/docs">API</a> and the command line. The pages are built by <code>npm start</code>, or by <code>npm run build:web</code> in this checkout; then load this address again.</p>`,
);
