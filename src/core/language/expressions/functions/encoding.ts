/** Functions on texts as bytes. Text is UTF-8; half a surrogate pair becomes U+FFFD. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { toUuid } from "../../../base/random.ts";
import { spendBytes, spendOperations } from "../budget.ts";
import { fail, text } from "./arguments.ts";
import { fromBase64, fromUtf8, toBase64, toUtf8 } from "./bytes.ts";
import type { Call, FunctionEntry } from "./entry.ts";

export const ENCODING_FUNCTIONS: readonly FunctionEntry[] = [
  {
    name: "base64_encode",
    group: "encoding",
    parameters: ["text"],
    summary: "The text's bytes in Base64.",
    examples: [{ expression: "base64_encode('Ada:lovelace?')", value: "QWRhOmxvdmVsYWNlPw==" }],
    apply: (call, [value]) => toBase64(bytesOf(call, text(call, "text", value))),
  },
  {
    name: "base64_decode",
    group: "encoding",
    parameters: ["text"],
    summary: "The text whose bytes are given in Base64, of the plain or the URL alphabet, with or without padding.",
    examples: [
      { expression: "base64_decode('w6HDqQ==')", value: "áé" },
      { expression: "base64_decode('Pz8_')", value: "???" },
    ],
    apply: (call, [value]) => {
      const source = text(call, "text", value);
      spend(call, source);
      const bytes = fromBase64(source);
      if (bytes === null) return fail(call, 'Expected "text" of base64_decode to be Base64, but it is not.');
      return fromUtf8(bytes) ?? fail(call, 'Expected "text" of base64_decode to hold UTF-8, but it does not.');
    },
  },
  {
    name: "sha256",
    group: "encoding",
    parameters: ["text"],
    summary: "The SHA-256 hash of the text in lower-case hex digits.",
    examples: [
      { expression: "sha256('abc')", value: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    ],
    apply: (call, [value]) => bytesToHex(sha256(bytesOf(call, text(call, "text", value)))),
  },
  {
    name: "hmac_sha256",
    group: "encoding",
    parameters: ["text", "key"],
    summary: "The HMAC-SHA-256 of the text under the key in lower-case hex digits.",
    examples: [
      {
        expression: "hmac_sha256('what do ya want for nothing?', 'Jefe')",
        value: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      },
    ],
    apply: (call, [value, key]) => {
      const message = bytesOf(call, text(call, "text", value));
      return bytesToHex(hmac(sha256, bytesOf(call, text(call, "key", key)), message));
    },
  },
  {
    name: "uuid",
    group: "encoding",
    parameters: [],
    summary: "A UUID of version 4, drawn anew for each call and kept with the history.",
    examples: [{ expression: "len(uuid())", value: 36 }],
    apply: (call) => toUuid(call.context.random),
  },
];

function bytesOf(call: Call, source: string): Uint8Array {
  spend(call, source);
  return toUtf8(source);
}

function spend(call: Call, source: string): void {
  spendOperations(call.context, 1 + (source.length >> 2), call.offset);
  spendBytes(call.context, 2 * source.length, call.offset);
}
