/** Clients that only listen: each on a socket of its own, from its request to the end of its stream. */

import { connect, type Socket } from "node:net";
import { toRequest } from "./connection.ts";
import type { Report, StreamsJob } from "./job.ts";

/** A server takes only so many connections that it has not looked at yet. */
const AT_ONCE = 100;

export async function followStreams({ url: text, paths }: StreamsJob, report: (report: Report) => void): Promise<void> {
  const url = new URL(text);
  const beganAt = performance.now();
  const ends: Promise<number>[] = [];
  for (let from = 0; from < paths.length; from += AT_ONCE) {
    const streams = paths.slice(from, from + AT_ONCE).map((path) => follow(url, path));
    await Promise.all(streams.map(({ opened }) => opened));
    ends.push(...streams.map(({ ended }) => ended));
  }
  report({ kind: "opened", ms: performance.now() - beganAt });
  const messages = (await Promise.all(ends)).reduce((sum, count) => sum + count, 0);
  report({ kind: "ended", messages });
}

/** `opened`: the beginning of the answer is there. `ended`: with how many messages. Both reject where the answer is wrong. */
function follow(url: URL, path: string): { readonly opened: Promise<void>; readonly ended: Promise<number> } {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const socket: Socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let messages = 0;
  let last = "";
  let isOpen = false;
  socket.write(toRequest({ method: "GET", url, path, body: null }));
  socket.on("data", (chunk: Buffer) => {
    const said = last + chunk.toString("latin1");
    if (!isOpen) {
      if (!said.startsWith("HTTP/1.1 200")) {
        socket.destroy(new Error(`Expected a stream, but met: ${said}`));
        return;
      }
      isOpen = true;
      opened.resolve();
    }
    for (let at = said.indexOf("\nevent: "); at !== -1; at = said.indexOf("\nevent: ", at + 1)) messages += 1;
    // What may be the beginning of a mark that the next chunk ends.
    last = said.slice(-"\nevent:".length);
    if (said.endsWith("0\r\n\r\n")) socket.end();
  });
  const fail = (error: unknown) => {
    opened.reject(error);
    ended.reject(error);
  };
  socket.once("error", fail);
  socket.once("close", () => (isOpen ? ended.resolve(messages) : fail(new Error("Expected a stream, but it closed."))));
  return { opened: opened.promise, ended: ended.promise };
}
