/**
 * One request on the wire and what comes back, over connections that are kept alive. The policy sees the address of every
 * connection before a byte is sent over it.
 */

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { AddressDenied, type AddressPolicy } from "./address-policy.ts";
import type { Headers } from "./headers.ts";
import { type RawResponse, toHeaders } from "./response.ts";

export interface Message {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | null;
}

export interface Exchange {
  /** `bytesMax` says how much of a body of this status is read; more is cut off, or refused where `isCut` is false. */
  send(message: Message, read: (status: number) => Reading, signal: AbortSignal): Promise<RawResponse>;
  close(): void;
}

export interface Reading {
  readonly bytesMax: number;
  /** Whether a longer body is cut at the limit instead of being refused. */
  readonly isCut: boolean;
}

export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

/** Idle connections to one address, and for how long: shorter than servers usually keep theirs. */
const IDLE = { keepAlive: true, maxFreeSockets: 32, timeout: 15_000 } as const;

export function createExchange(policy: AddressPolicy): Exchange {
  const http = new HttpAgent(IDLE);
  const https = new HttpsAgent(IDLE);

  async function send(message: Message, read: (status: number) => Reading, signal: AbortSignal): Promise<RawResponse> {
    const refusal = policy.refuseHost(hostOf(message.url));
    if (refusal !== null) throw new AddressDenied(refusal);
    const first = await attempt(message, read, signal);
    if (first !== "closed") return first;
    // The server closed a kept connection just as it was used again. It has not answered, and the key says it is the same.
    const second = await attempt(message, read, signal);
    if (second !== "closed") return second;
    throw Object.assign(new Error("the connection was closed before an answer came"), { code: "ECONNRESET" });
  }

  function attempt(
    message: Message,
    read: (status: number) => Reading,
    signal: AbortSignal,
  ): Promise<RawResponse | "closed"> {
    const { url, method, headers, body } = message;
    const isSecure = url.protocol === "https:";
    return new Promise((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)({
        agent: isSecure ? https : http,
        hostname: hostOf(url),
        port: url.port === "" ? undefined : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...headers, ...(body === null ? {} : { "content-length": String(body.length) }) },
        lookup: policy.lookup,
        signal,
      });
      request.on("socket", (socket) => guard(socket, hostOf(url), (refused) => request.destroy(refused)));
      request.on("response", (response) => {
        readBody(response, read(response.statusCode ?? 0)).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: toHeaders(response.headers), bytes }),
          reject,
        );
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const wasKept = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        if (wasKept && !signal.aborted) resolve("closed");
        else reject(error);
      });
      request.end(body ?? undefined);
    });
  }

  /** The look-up has left out what is closed; this holds even if a connection came about in some other way. */
  function guard(socket: Socket, host: string, refuse: (refused: Error) => void): void {
    const judge = () => {
      const address = socket.remoteAddress;
      if (address !== undefined && !policy.isOpen(address, host))
        refuse(new AddressDenied(`"${host}" leads to ${address}, which is not open to steps`));
    };
    if (socket.connecting) socket.once("connect", judge);
    else judge();
  }

  return {
    send,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

async function readBody(response: IncomingMessage, { bytesMax, isCut }: Reading): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= bytesMax) continue;
    response.destroy();
    if (!isCut) throw new AnswerTooLarge();
    return Buffer.concat(chunks).subarray(0, bytesMax);
  }
  return Buffer.concat(chunks);
}
