import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { ROOT } from "../e2e/child.ts";
import { openWeb, type Web } from "./rig.ts";

const BEGUN = `# Kept to the letter.
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: begun, version: 1.0.0}
spec:
  steps:
    - {name: first, type: wait, duration: 1s}   # also this
    - name: second
      type: loop
      times: 2
      steps:
        - {name: inner, type: wait, duration: 1s}
`;

describe("the designer in the browser", () => {
  let web: Web;

  before(async () => {
    web = await openWeb();
    // Drafts are everybody's: each test that changes one has its own.
    for (const name of ["begun", "together", "looked-at"])
      await web.platform.api.register(BEGUN.replace("name: begun", `name: ${name}`));
  });

  after(async () => {
    await web[Symbol.asyncDispose]();
  });

  const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

  test("a workflow is designed from nothing by mouse, published and started", async () => {
    const page = await web.open("/designer");
    await page.getByLabel("New workflow").fill("by-mouse");
    await page.getByRole("button", { name: "Create" }).click();
    await node(page, "first-step").waitFor();
    await page
      .getByRole("button", { name: "Loop" })
      .dragTo(page.locator(".mf-graph"), { targetPosition: { x: 200, y: 80 } });
    await node(page, "each-item").waitFor();
    await node(page, "loop").click({ position: { x: 60, y: 20 } });
    await page.getByLabel("times", { exact: true }).fill("2");
    await page.getByLabel("times", { exact: true }).press("Enter");
    await page.getByLabel("iterate over").fill("");
    await page.getByLabel("iterate over").press("Enter");
    await page.getByLabel("Name", { exact: true }).fill("twice");
    await page.getByLabel("Name", { exact: true }).press("Enter");
    await node(page, "twice").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await page.getByText("as 1.0.0").waitFor();
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/workflows\/by-mouse\?run=true/);
  });

  test("another is changed wholly by keyboard, and every change can be undone", async () => {
    const page = await web.open("/designer/begun");
    await node(page, "first").focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate("document.activeElement?.getAttribute('data-id')"), "second");
    await page.keyboard.press("n");
    await page.getByLabel("What it does").selectOption("emit");
    await page.getByRole("button", { name: "Add", exact: true }).press("Enter");
    await node(page, "emit").waitFor();
    await page.getByRole("tab", { name: "Outline" }).press("Enter");
    const tree = page.getByRole("tree", { name: "Steps" });
    await tree.getByRole("treeitem", { name: "first" }).click();
    await page.keyboard.press("c");
    await page.getByLabel("Leads on").selectOption("failure");
    await page.getByLabel("To the step").selectOption("emit");
    await page.getByRole("button", { name: "Connect", exact: true }).press("Enter");
    await page.locator('.mf-edge[data-kind="failure"]').waitFor();
    await tree.getByRole("treeitem", { name: "inner" }).click();
    await page.keyboard.press("m");
    await page.getByLabel("Into the list").selectOption({ label: "the workflow" });
    await page.getByRole("dialog").getByRole("button", { name: "Move", exact: true }).press("Enter");
    await page.getByText("No steps yet").waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    for (let i = 0; i < 3; i++) await page.keyboard.press("Control+z");
    await page.getByText("as 1.0.0").waitFor();
  });

  test("the canvas follows the text, and keeps what it showed while the text cannot be read", async () => {
    const page = await web.open("/designer/begun");
    await page.getByRole("tab", { name: "Outline" }).click();
    await page.getByRole("tab", { name: "YAML" }).click();
    const editor = page.getByLabel("YAML of the workflow");
    await editor.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("    - {name: third, type: wait, duration: 1s}\n");
    const third = page.getByRole("treeitem", { name: "third" });
    await third.waitFor();
    await page.keyboard.insertText("  x: [");
    await page.getByText("The text cannot be read at the moment").waitFor();
    assert.equal(await third.count(), 1);
  });

  test("two browsers that have one draft open write into one text, and each sees the other", async () => {
    const one = await web.open("/designer/together");
    await node(one, "first").waitFor();
    const two = await web.open("/designer/together");
    await node(two, "first").waitFor();
    await one.getByRole("list", { name: "Also here" }).getByRole("listitem").waitFor();
    await one.getByRole("tab", { name: "Outline" }).click();
    await two.getByRole("button", { name: "Webhook" }).click();
    await one.getByRole("treeitem", { name: "webhook" }).waitFor();
    await one.getByRole("treeitem", { name: "webhook" }).click();
    await one.keyboard.press("Delete");
    await node(two, "webhook").waitFor({ state: "detached" });
    await two.getByText("Saved", { exact: true }).waitFor();
  });

  test("a link for reading shows the draft and lets nobody change it", async () => {
    const { items } = (await (await fetch(`${web.platform.url}/api/v1/drafts?workflow=together`)).json()) as {
      items: readonly { id: string }[];
    };
    const address = `${web.platform.url}/api/v1/drafts/${items[0]?.id}/shares`;
    const headers = { "content-type": "application/json" };
    const made = await fetch(address, { method: "POST", headers, body: JSON.stringify({ access: "read" }) });
    const { url } = (await made.json()) as { url: string };
    const page = await web.open(new URL(url).pathname + new URL(url).search);
    await node(page, "first").waitFor();
    await page.getByText("read only").waitFor();
    assert.equal(await page.getByRole("button", { name: "Publish" }).count(), 0);
  });

  for (const scheme of ["light", "dark"] as const) {
    test(`nobody is kept out of the designer in ${scheme}`, async () => {
      const axe = await readFile(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");
      for (const address of ["/designer", "/designer/looked-at?step=first"]) {
        const page = await web.open(address, { scheme });
        await page.getByText("looked-at").first().waitFor();
        if (address.includes("looked-at")) await node(page, "first").waitFor();
        await page.evaluate(axe);
        const found = await page.evaluate(
          "axe.run('#main', {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary.slice(0,200)).join(' | ')))",
        );
        assert.deepEqual(found, [], address);
      }
    });
  }

  test("no page complained", () => assert.deepEqual(web.complaints, []));
});
