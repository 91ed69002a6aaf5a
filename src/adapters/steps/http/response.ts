/**
 * What came back, as a value: JSON as what it says, text as text, anything else as base64. An answer is data from a
 * stranger. What later steps could not carry (too large, too deep, numbers beyond all bounds) is refused here.
 */

import type { IncomingHttpHeaders } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { Json, JsonObject } from "../../../core/base/json.ts";
import { parseForeignJson } from "../foreign-json.ts";

export interface RawResponse {
  readonly status: number;
  readonly headers: JsonObject;
  readonly bytes: Buffer;
}

export type Decoded = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: Problem };

export interface Problem {
  readonly code: "PAYLOAD_TOO_LARGE" | "VALIDATION_FAILED";
  readonly message: string;
}

export function decode({ headers, bytes: raw }: RawResponse, bytesMax: number): Decoded {
  const unpacked = unpack(raw, text(headers["content-encoding"]), bytesMax);
  if (!unpacked.ok) return unpacked;
  const { bytes } = unpacked;
  const type = text(headers["content-type"]);
  if (bytes.length === 0) return { ok: true, value: null };
  switch (kindOf(type)) {
    case "json":
      return parseJson(bytes);
    case "text":
      return { ok: true, value: decoderFor(type).decode(bytes) };
    case "none":
      return { ok: true, value: textIfValid(bytes) ?? bytes.toString("base64") };
    case "bytes":
      return { ok: true, value: bytes.toString("base64") };
  }
}

/** Names in lower case. A header that came several times has its values joined, cookies as an array. */
export function toHeaders(headers: IncomingHttpHeaders): JsonObject {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

const TEXT_TYPES: ReadonlySet<string> = new Set([
  "application/xml",
  "application/javascript",
  "application/x-www-form-urlencoded",
  "application/yaml",
  "application/x-yaml",
  "application/x-ndjson",
  "application/graphql",
  "application/sql",
  "application/toml",
]);

/** A type that is not of the form `word/word` is none that we know, whatever it begins with. */
function kindOf(type: string | null): "json" | "text" | "bytes" | "none" {
  if (type === null) return "none";
  const essence = type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(essence)) return "bytes";
  if (essence === "application/json" || essence === "text/json" || essence.endsWith("+json")) return "json";
  return essence.startsWith("text/") || essence.endsWith("+xml") || TEXT_TYPES.has(essence) ? "text" : "bytes";
}

function parseJson(bytes: Buffer): Decoded {
  const parsed = parseForeignJson(new TextDecoder().decode(bytes));
  if (parsed.ok) return parsed;
  return refuse("VALIDATION_FAILED", `Expected the answer to be JSON that steps can carry, but ${parsed.fault}.`);
}

type Unpacked = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly problem: Problem };

/** We ask for no compression; some servers compress all the same. A bomb stops at the limit. */
function unpack(bytes: Buffer, encoding: string | null, bytesMax: number): Unpacked {
  const options = { maxOutputLength: bytesMax };
  try {
    switch (encoding?.trim().toLowerCase() ?? "identity") {
      case "identity":
      case "":
        return { ok: true, bytes };
      case "gzip":
      case "x-gzip":
        return { ok: true, bytes: gunzipSync(bytes, options) };
      case "deflate":
        return { ok: true, bytes: inflateSync(bytes, options) };
      case "br":
        return { ok: true, bytes: brotliDecompressSync(bytes, options) };
      default:
        return refuse(
          "VALIDATION_FAILED",
          `Expected the answer to be uncompressed, but its content encoding is "${encoding}".`,
        );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      return refuse("PAYLOAD_TOO_LARGE", tooLarge(bytesMax));
    return refuse(
      "VALIDATION_FAILED",
      `Expected the answer to be compressed rightly, but it is not: ${(error as Error).message}`,
    );
  }
}

export function tooLarge(bytesMax: number): string {
  return `Expected the answer to be at most ${bytesMax} bytes long, but it is longer.`;
}

function refuse(code: Problem["code"], message: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { code, message } };
}

function decoderFor(type: string | null): TextDecoder {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset);
  } catch {
    // An encoding that nobody knows: most text is UTF-8 all the same.
    return new TextDecoder();
  }
}

function textIfValid(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
