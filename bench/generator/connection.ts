/**
 * One kept-alive HTTP/1.1 connection, one request at a time.
 *
 * Written on a bare socket, because the generator shares the machine with what it measures: the HTTP client of Node costs
 * as much for a request as the platform does. It understands what the servers of the benchmark send and nothing more.
 */

import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface Connection {
  /** Opens the socket where there is none. Rejects if the connection ends before the answer. */
  exchange(request: Buffer): Promise<Answer>;
  close(): void;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export function toRequest(about: {
  method: "GET" | "POST";
  url: URL;
  path: string;
  body: string | Buffer | null;
}): Buffer {
  const { method, url, path, body } = about;
  const content = Buffer.from(body ?? "");
  const head = `${method} ${path} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  const fields = body === null ? "" : `content-type: application/json\r\ncontent-length: ${content.length}\r\n`;
  return Buffer.concat([Buffer.from(`${head}${fields}\r\n`, "latin1"), content]);
}

export function createConnection(url: URL): Connection {
  let socket: Socket | null = null;
  let waiting: Waiting | null = null;
  let received: Buffer = NOTHING;
  let isClosed = false;

  function open(): Socket {
    const opened = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    opened.on("data", (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      take();
    });
    const end = (error: unknown) => {
      if (socket !== opened) return;
      socket = null;
      received = NOTHING;
      fail(error);
    };
    opened.on("error", end);
    opened.on("close", () => end(new Error("Expected an answer, but the connection was closed.")));
    return opened;
  }

  function take(): void {
    let answer: Answer | null;
    try {
      answer = parse(received);
    } catch (error) {
      socket?.destroy();
      return fail(error);
    }
    if (answer === null) return;
    received = NOTHING;
    const { resolve } = waiting ?? IGNORED;
    waiting = null;
    resolve(answer);
  }

  function fail(error: unknown): void {
    const { reject } = waiting ?? IGNORED;
    waiting = null;
    reject(error);
  }

  return {
    exchange(request) {
      if (isClosed) return Promise.reject(new Error("Expected an open connection, but it was closed."));
      socket ??= open();
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      waiting = { resolve, reject };
      socket.write(request);
      return promise;
    },
    close() {
      isClosed = true;
      socket?.destroy();
    },
  };
}

const NOTHING = Buffer.alloc(0);
const IGNORED: Waiting = { resolve: () => {}, reject: () => {} };

/** Null: not whole yet. */
function parse(received: Buffer): Answer | null {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = received.toString("latin1", 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`Expected an answer with a Content-Length, but met:\n${head}`);
  const from = end + 4;
  const to = from + Number(length);
  if (received.length < to) return null;
  return { status: Number(head.slice(9, 12)), body: received.subarray(from, to) };
}
