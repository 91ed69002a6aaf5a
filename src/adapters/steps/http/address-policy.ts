/**
 * Which addresses steps may connect to. What is judged is the address that is connected to, after the name was looked up
 * and again for each redirect: a name says nothing about where it leads today.
 *
 * Without configuration the public internet is open and everything else is closed: the machine itself, private networks,
 * link-local addresses with the metadata services of cloud providers, multicast, and what is reserved. `allow` opens
 * addresses, blocks or host names; `deny` closes them and wins.
 */

import { type LookupAddress, lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import { type Address, type Block, embedded, isIn, parseAddress, parseBlock } from "./addresses.ts";

export interface OutgoingRules {
  /** Addresses, CIDR blocks, host names, or `*.domain` for all names below a domain. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface AddressPolicy {
  /** Why a host, as an URL names it, may not be called; null: it may, or its addresses decide. */
  refuseHost(host: string): string | null;
  /** Looks up like the system does and leaves out every address that is closed. For `net.connect` and its like. */
  readonly lookup: LookupFunction;
  /** Whether a connection of `host` to `address` may stand. */
  isOpen(address: string, host: string): boolean;
}

export class AddressDenied extends Error {
  override readonly name = "AddressDenied";
  readonly code = "ADDRESS_DENIED";
}

/** How names are looked up; tests have their own. */
export type Resolve = (
  host: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

const CLOSED: readonly Block[] = [
  "0.0.0.0/8", // this network; 0.0.0.0 reaches the machine itself
  "10.0.0.0/8",
  "100.64.0.0/10", // shared by carriers; metadata of one cloud
  "127.0.0.0/8",
  "168.63.129.16/32", // metadata of one cloud, on a public address
  "169.254.0.0/16", // link-local; metadata of most clouds
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
  "2001::/23", // protocol assignments, tunnels
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
].map(toBlock);

/** Of IPv6 only this part is the public internet; loopback, private, link-local and multicast lie outside. */
const PUBLIC_IPV6: readonly Block[] = ["2000::/3", "64:ff9b::/96"].map(toBlock);

export function createAddressPolicy(rules: OutgoingRules, resolve: Resolve = resolveBySystem): AddressPolicy {
  const allowed = toRules(rules.allow);
  const denied = toRules(rules.deny);

  function isOpen(text: string, host: string): boolean {
    const address = parseAddress(text);
    if (address === null) return false;
    const ends = [address, ...embedded(address)];
    if (ends.some((end) => isListed(end, denied.blocks)) || isNamed(host, denied.names)) return false;
    return isNamed(host, allowed.names) || isListed(address, allowed.blocks) || ends.every(isPublic);
  }

  function refuseHost(host: string): string | null {
    if (isNamed(host, denied.names)) return `"${host}" is denied by the configuration`;
    if (parseAddress(host) !== null && !isOpen(host, host)) return `the address ${host} is not open to steps`;
    return null;
  }

  const lookup: LookupFunction = (host, options, callback) => {
    resolve(host, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const family =
        options.family === 4 || options.family === "IPv4"
          ? 4
          : options.family === 6 || options.family === "IPv6"
            ? 6
            : 0;
      const fitting = family === 0 ? addresses : addresses.filter((found) => found.family === family);
      const open = fitting.filter(({ address }) => isOpen(address, host));
      const [first] = open;
      if (first === undefined) return callback(refusal(host, fitting), "", 0);
      if (options.all === true) callback(null, [...open]);
      else callback(null, first.address, first.family);
    });
  };

  return { refuseHost, lookup, isOpen };
}

function refusal(host: string, addresses: readonly LookupAddress[]): Error {
  const listed = addresses.map(({ address }) => address).join(", ");
  return new AddressDenied(
    addresses.length === 0
      ? `"${host}" has no address of the kind asked for`
      : `"${host}" leads to ${listed}, which is not open to steps`,
  );
}

function isPublic(address: Address): boolean {
  if (isListed(address, CLOSED)) return false;
  return address.length === 4 || isListed(address, PUBLIC_IPV6);
}

function isListed(address: Address, blocks: readonly Block[]): boolean {
  return blocks.some((block) => isIn(address, block));
}

function isNamed(host: string, names: readonly string[]): boolean {
  const name = toName(host);
  return names.some((rule) => (rule.startsWith("*.") ? name.endsWith(rule.slice(1)) : name === rule));
}

function toRules(entries: readonly string[]): { readonly blocks: readonly Block[]; readonly names: readonly string[] } {
  const names = entries.filter((entry) => parseBlock(entry) === null).map(toName);
  const broken = names.find((name) => !NAME.test(name));
  if (broken !== undefined) {
    throw new Error(
      `Expected an address, a CIDR block or a host name in the rules for outgoing requests, but met "${broken}".`,
    );
  }
  return { blocks: entries.map(parseBlock).filter((block) => block !== null), names };
}

/** A mistyped block must not pass for a name that never fits: what was to be closed would stay open. */
const NAME = /^(\*\.)?(?![\d.]+$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;

/** Names are compared without case and without the dot that may end them. */
function toName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function toBlock(text: string): Block {
  const block = parseBlock(text);
  if (block === null) throw new Error(`Expected a block of addresses, but met "${text}".`);
  return block;
}

function resolveBySystem(host: string, callback: Parameters<Resolve>[1]): void {
  lookUp(host, { all: true, verbatim: true }, (error, addresses) => callback(error, addresses ?? []));
}
