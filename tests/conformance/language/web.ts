/** The server that http steps of the cases talk to: `/echo` tells what it was asked, `/status/N` answers with that status. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

/** The headers of the first request for a path, and how many there were. */
const asked = new Map<string, { first: IncomingHttpHeaders; count: number }>();

export function serve(request: IncomingMessage, response: ServerResponse): void {
  let text = "";
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    const url = new URL(request.url ?? "/", "http://web");
    const [, kind, argument = "", more] = url.pathname.split("/");
    const seen = asked.get(url.pathname) ?? { first: request.headers, count: 0 };
    const nth = ++seen.count;
    asked.set(url.pathname, seen);
    const body = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text,
      nth,
      first: seen.first,
    };
    const headers: Record<string, string> = { "content-type": "application/json", "x-answer": "yes" };
    if (kind === "status") {
      if (more === "after") headers["retry-after"] = "1";
      response.writeHead(Number(argument), headers).end(JSON.stringify(body));
      return;
    }
    // `/failing/STATUS/KEY` answers so the first time, and then with 200.
    if (kind === "failing") {
      if (more?.startsWith("after")) headers["retry-after"] = "1";
      response.writeHead(nth === 1 ? Number(argument) : 200, headers).end(JSON.stringify(body));
      return;
    }
    if (kind === "silent") return;
    if (kind === "text") {
      response.writeHead(200, { "content-type": "text/plain" }).end("plain");
      return;
    }
    response.writeHead(200, headers).end(JSON.stringify(body));
  });
}
