/**
 * IP addresses as bytes, so that one address has one form however it was written, and blocks of them.
 *
 * An IPv6 address may carry an IPv4 address inside (mapped, translated, tunnelled). What connects to it may end at that
 * one, so whoever judges an address must judge both.
 */

import { isIP } from "node:net";

/** 4 or 16 bytes. */
export type Address = readonly number[];

export interface Block {
  readonly network: Address;
  readonly bits: number;
}

/** Null: not an IP address in its canonical notation (decimal, octal or hexadecimal numbers are none). */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  switch (isIP(bare)) {
    case 4:
      return bare.split(".").map(Number);
    case 6:
      return unmapped(toBytes(bare));
    default:
      return null;
  }
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address. Null: neither. */
export function parseBlock(text: string): Block | null {
  const slash = text.indexOf("/");
  if (slash === -1) {
    const network = parseAddress(text);
    return network === null ? null : { network, bits: network.length * 8 };
  }
  const network = parseAddress(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (network === null || !/^\d{1,3}$/.test(bits) || Number(bits) > network.length * 8) return null;
  return { network, bits: Number(bits) };
}

export function isIn(address: Address, { network, bits }: Block): boolean {
  if (address.length !== network.length) return false;
  for (let i = 0; i * 8 < bits; i++) {
    const mask = bits - i * 8 >= 8 ? 0xff : (0xff << (8 - (bits - i * 8))) & 0xff;
    if (((address[i] ?? 0) & mask) !== ((network[i] ?? 0) & mask)) return false;
  }
  return true;
}

/** The IPv4 addresses at which a connection to this IPv6 address may end. */
export function embedded(address: Address): readonly Address[] {
  return CARRIERS.filter(({ block }) => isIn(address, block)).map(({ at, isInverted }) =>
    address.slice(at, at + 4).map((byte) => (isInverted ? byte ^ 0xff : byte)),
  );
}

interface Carrier {
  readonly block: Block;
  /** Where the four bytes stand. */
  readonly at: number;
  readonly isInverted: boolean;
}

const CARRIERS: readonly Carrier[] = [
  // IPv4-compatible, of old.
  { block: block("::/96"), at: 12, isInverted: false },
  // Translated: NAT64 and its stateless forerunner.
  { block: block("64:ff9b::/96"), at: 12, isInverted: false },
  { block: block("::ffff:0:0:0/96"), at: 12, isInverted: false },
  // Tunnelled: 6to4 and Teredo.
  { block: block("2002::/16"), at: 2, isInverted: false },
  { block: block("2001::/32"), at: 12, isInverted: true },
];

function block(text: string): Block {
  const parsed = parseBlock(text);
  if (parsed === null) throw new Error(`Expected a block of addresses, but met "${text}".`);
  return parsed;
}

/** An IPv4-mapped address is that IPv4 address: the system connects to the same place. */
function unmapped(bytes: Address): Address {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? bytes.slice(12) : bytes;
}

function toBytes(text: string): Address {
  const [head = "", tail] = withoutDots(text).split("::");
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: gap }, () => 0), ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutDots(text: string): string {
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}

function groups(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
