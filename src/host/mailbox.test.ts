import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createMailbox } from "./mailbox.ts";

describe("a mailbox", () => {
  test("knows a message until the commit that takes it is on disk", () => {
    const mail = createMailbox();
    assert.ok(mail.add("m1"));
    assert.ok(!mail.add("m1"));
    mail.forget("m1");
    assert.ok(mail.add("m1"));
  });

  test("knows what was taken while the store is read, for what is read may be older", () => {
    const mail = createMailbox();
    mail.add("m1");
    mail.keptBack = [];
    mail.forget("m1");
    assert.ok(!mail.add("m1"));
    mail.keptBack = null;
    mail.add("m2");
    mail.forget("m2");
    assert.ok(mail.add("m1"), "and forgets it afterwards");
  });
});
