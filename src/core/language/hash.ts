/** A fingerprint of a document: equal canonical forms have equal hashes, whatever the spelling and order of the text. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { JsonObject } from "../base/json.ts";
import { canonicalJson, isObject, member } from "../base/json.ts";

/** SHA-256 of the canonical form, in hex. */
export function hashOf(document: JsonObject): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(document))));
}

/** The same without the version: two versions of equal content have equal content hashes. */
export function contentHashOf(document: JsonObject): string {
  const metadata = member(document, "metadata");
  if (!isObject(metadata)) return hashOf(document);
  const { version: _, ...rest } = metadata;
  return hashOf({ ...document, metadata: rest });
}
