/** Every page as a whole, in both schemes: nobody is kept out, nothing complains, and what people wrote is shown and no more. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "../e2e/child.ts";
import { openWeb, type Web } from "./rig.ts";

/** Markup, a script, a long word, letters that go the other way. */
const HOSTILE = `<img src=x onerror=alert(1)></script><script>alert(2)</script> ${"w".repeat(200)} \u202eabc שלום 🎉`;

const HOSTILE_WORKFLOW = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata:
  name: hostile
  version: 1.0.0
  description: ${JSON.stringify(HOSTILE)}
  owner: ${JSON.stringify(HOSTILE.slice(0, 60))}
  tags: [${JSON.stringify(HOSTILE.slice(0, 40))}]
spec:
  steps:
    - { name: say, type: set, variables: { said: $.input } }
    - { name: no, type: fail, code: NO, message: ${JSON.stringify(HOSTILE)} }
`;

const PAGES = [
  "/dashboard",
  "/workflows",
  "/workflows/hostile",
  "/workflows/hostile?tab=analytics",
  "/workflows/hostile?tab=versions",
  "/workflows/hostile?run=true",
  "/templates",
  "/executions",
  "/dead-letters",
  "/executors",
  "/circuit-breakers",
  "/api/docs?operation=startExecution",
  "/designer",
] as const;

describe("every page", () => {
  let web: Web;

  before(async () => {
    web = await openWeb();
    await web.platform.api.register(HOSTILE_WORKFLOW);
    const address = `${web.platform.url}/api/v1/workflows/hostile/execute?wait=20s`;
    const headers = { "content-type": "application/json" };
    await fetch(address, { method: "POST", headers, body: JSON.stringify({ input: { [HOSTILE]: HOSTILE } }) });
  });

  after(async () => {
    await web[Symbol.asyncDispose]();
  });

  for (const scheme of ["light", "dark"] as const) {
    test(`is open to everybody and shows hostile text as text, in ${scheme}`, async () => {
      const axe = await readFile(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");
      for (const address of PAGES) {
        const page = await web.open(address, { scheme });
        await page.locator("main h1").waitFor();
        await page.locator('[role="status"]:has-text("Loading")').first().waitFor({ state: "detached" });
        await page.evaluate(axe);
        const found = await page.evaluate(
          "axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')))",
        );
        assert.deepEqual(found, [], `${address} in ${scheme}`);
        assert.equal(await page.locator("img[src=x], main script").count(), 0, address);
        await page.context().close();
      }
    });
  }

  test("fits on a phone without scrolling sideways", async () => {
    for (const address of PAGES) {
      const page = await web.open(address, { width: 390, height: 844 });
      await page.locator("main h1").waitFor();
      await page.locator('[role="status"]:has-text("Loading")').first().waitFor({ state: "detached" });
      const wide = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] : [...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((each) => each.outerHTML.slice(0, 160))",
      );
      assert.deepEqual(wide, [], address);
      await page.context().close();
    }
  });

  test("says nothing in the console that is an error", () => assert.deepEqual(web.complaints, []));
});
