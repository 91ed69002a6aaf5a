import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { test } from "node:test";
import { createAddressPolicy } from "./address-policy.ts";

const CLOSED = [
  "0.0.0.0",
  "10.1.2.3",
  "100.100.100.200",
  "127.0.0.1",
  "127.255.255.254",
  "168.63.129.16",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:169.254.169.254",
  "::127.0.0.1",
  "::ffff:0:10.0.0.1",
  "64:ff9b::169.254.169.254",
  "64:ff9b:1::1",
  "2002:7f00:1::1",
  "2001:0:4136:e378:8000:63bf:3fff:fdd2",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "2001:db8::1",
];

const OPEN = [
  "1.1.1.1",
  "172.32.0.1",
  "172.15.255.255",
  "100.63.255.255",
  "2606:4700:4700::1111",
  "64:ff9b::1.1.1.1",
  "::ffff:8.8.8.8",
];

for (const address of CLOSED) {
  test(`${address} is closed`, () => {
    const policy = createAddressPolicy({ allow: [], deny: [] });
    assert.equal(policy.isOpen(address, "name.example"), false);
    assert.notEqual(policy.refuseHost(address), null);
  });
}

for (const address of OPEN) {
  test(`${address} is open`, () => {
    const policy = createAddressPolicy({ allow: [], deny: [] });
    assert.equal(policy.isOpen(address, "name.example"), true);
    assert.equal(policy.refuseHost(address), null);
  });
}

test("the configuration opens blocks and names, and what it denies stays closed", () => {
  const policy = createAddressPolicy({
    allow: ["10.0.0.0/8", "::1", "Vault.Internal", "*.corp.example"],
    deny: ["10.9.0.0/16", "1.1.1.1", "evil.example"],
  });
  assert.equal(policy.isOpen("10.1.2.3", "a"), true);
  assert.equal(policy.isOpen("::ffff:10.1.2.3", "a"), true);
  assert.equal(policy.isOpen("10.9.0.1", "a"), false);
  assert.equal(policy.isOpen("10.9.0.1", "vault.internal"), false);
  assert.equal(policy.isOpen("192.168.0.1", "vault.internal."), true);
  assert.equal(policy.isOpen("192.168.0.1", "VAULT.INTERNAL"), true);
  assert.equal(policy.isOpen("192.168.0.1", "a.corp.example"), true);
  assert.equal(policy.isOpen("192.168.0.1", "corp.example"), false);
  assert.equal(policy.isOpen("192.168.0.1", "xcorp.example"), false);
  assert.equal(policy.isOpen("::1", "a"), true);
  assert.equal(policy.isOpen("1.1.1.1", "a"), false);
  assert.equal(policy.isOpen("64:ff9b::1.1.1.1", "a"), false, "nor may it be reached through a translator");
  assert.notEqual(policy.refuseHost("EVIL.example."), null);
});

test("a mistyped rule is an error, not a name that never fits", () => {
  for (const rule of ["10.0.0.0/33", "10.0.0", "300.1.1.1", "fd00::/129", "a b", "10.0.0.0/8 "]) {
    assert.throws(() => createAddressPolicy({ allow: [], deny: [rule] }), /Expected an address/, rule);
  }
});

test("looking up leaves out what is closed, and fails where nothing is left", async () => {
  const found = [
    { address: "10.0.0.1", family: 4 },
    { address: "1.1.1.1", family: 4 },
    { address: "::1", family: 6 },
  ];
  assert.deepEqual(await lookUp(found, { all: true }), [{ address: "1.1.1.1", family: 4 }]);
  assert.equal(await lookUp(found, {}), "1.1.1.1");
  await assert.rejects(lookUp(found, { family: 6 }), /"name.example" leads to ::1/);
  await assert.rejects(lookUp([], { all: true }), /no address/);
});

function lookUp(found: readonly LookupAddress[], options: { all?: boolean; family?: number }): Promise<unknown> {
  const policy = createAddressPolicy({ allow: [], deny: [] }, (_, callback) => callback(null, found));
  return new Promise((resolve, reject) => {
    policy.lookup("name.example", options, (error, address) => (error === null ? resolve(address) : reject(error)));
  });
}
