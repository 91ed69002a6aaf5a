/**
 * Reads the body of a request within a bound.
 *
 * What is too long is not kept: the rest of it is read past for a while, so that the caller, who may still be sending, gets
 * to see the answer; a caller who does not stop is cut off.
 */

import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Body } from "../core/protocol/route.ts";
import { parseJsonText } from "./json-text.ts";
import { isJsonType, parseMediaType } from "./media-type.ts";
import { TroubleError, trouble } from "./problems.ts";

/** How much of a body that is refused is read past before the connection is closed. */
const READ_PAST_BYTES_MAX = 64 * 1024 * 1024;

export interface BodyLimits {
  readonly payloadBytesMax: number;
  readonly batchBytesMax: number;
}

/** Besides its payload a message has names, ids and metadata. */
const OVERHEAD_BYTES = 64 * 1024;

/** Text inside JSON may double by its escapes; how long a workflow may be is for the language to say. */
const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;

export interface ReadBody {
  /** Undefined where there is none. */
  readonly value: unknown;
  readonly bytes: number;
}

export async function readBody(request: IncomingMessage, body: Body<unknown>, limits: BodyLimits): Promise<ReadBody> {
  const { headers } = request;
  const length = headers["content-length"];
  const isEmpty = length === "0" || (length === undefined && headers["transfer-encoding"] === undefined);
  if (isEmpty) return { value: undefined, bytes: 0 };
  const type = checkType(headers["content-type"], body);
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    throw new TroubleError(
      trouble("UNSUPPORTED_MEDIA_TYPE", "Expected a body that is not compressed, but it has a Content-Encoding."),
    );
  }
  const bytes = await readBytes(request, limitOf(body, limits), length);
  if (bytes.length === 0) return { value: undefined, bytes: 0 };
  if (!isJsonType(type)) return { value: { yaml_content: textOf(bytes) }, bytes: bytes.length };
  const parsed = parseJsonText(bytes);
  if (parsed.ok) return { value: parsed.value, bytes: bytes.length };
  const { message, ok: _, ...place } = parsed;
  throw new TroubleError(trouble("BAD_REQUEST", message, [{ ...place, detail: message }]));
}

function limitOf({ size }: Body<unknown>, { payloadBytesMax, batchBytesMax }: BodyLimits): number {
  switch (size) {
    case "single":
      return payloadBytesMax + OVERHEAD_BYTES;
    case "batch":
      return batchBytesMax;
    case "document":
      return DOCUMENT_BYTES_MAX;
  }
}

function checkType(header: string | undefined, body: Body<unknown>): string {
  const known = ["application/json", ...(body.otherTypes ?? [])];
  const expected = `Expected Content-Type ${known.join(" or ")}`;
  if (header === undefined)
    throw new TroubleError(trouble("UNSUPPORTED_MEDIA_TYPE", `${expected}, but there is none.`));
  const media = parseMediaType(header);
  if (media === null || !known.includes(media.type)) {
    throw new TroubleError(
      trouble("UNSUPPORTED_MEDIA_TYPE", `${expected}, but met ${JSON.stringify(header.slice(0, 60))}.`),
    );
  }
  if (media.charset !== null && media.charset !== "utf-8" && media.charset !== "utf8") {
    throw new TroubleError(
      trouble(
        "UNSUPPORTED_MEDIA_TYPE",
        `Expected a body in UTF-8, but its charset is ${JSON.stringify(media.charset)}.`,
      ),
    );
  }
  return media.type;
}

function readBytes(request: IncomingMessage, limit: number, length: string | undefined): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const refuse = () => {
    readPast(request);
    reject(
      new TroubleError(trouble("PAYLOAD_TOO_LARGE", `Expected a body of at most ${limit} bytes, but it is longer.`)),
    );
  };
  if (length !== undefined && Number(length) > limit) {
    refuse();
    return promise;
  }
  const chunks: Buffer[] = [];
  let total = 0;
  const onData = (chunk: Buffer) => {
    total += chunk.length;
    if (total <= limit) {
      chunks.push(chunk);
      return;
    }
    request.off("data", onData);
    chunks.length = 0;
    refuse();
  };
  const onEnd = () => {
    request.off("error", onBroken);
    request.off("close", onBroken);
    resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  };
  // A connection that breaks off in the middle gives an error, or nothing but its end.
  const onBroken = () => {
    reject(new TroubleError(trouble("BAD_REQUEST", "Expected the whole body, but the connection ended before it.")));
  };
  request.on("data", onData);
  request.once("end", onEnd);
  request.once("error", onBroken);
  request.once("close", onBroken);
  return promise;
}

function readPast(request: IncomingMessage): void {
  let total = 0;
  request.on("data", (chunk: Buffer) => {
    total += chunk.length;
    if (total > READ_PAST_BYTES_MAX) request.destroy();
  });
  request.on("error", () => request.destroy());
  request.resume();
}

function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new TroubleError(trouble("BAD_REQUEST", "Expected a text in UTF-8, but the bytes are not valid UTF-8."));
}
