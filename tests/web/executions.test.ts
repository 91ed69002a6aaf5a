import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { ROOT } from "../e2e/child.ts";
import { startExample } from "../e2e/platform.ts";
import { openWeb, type Web } from "./rig.ts";

const ORDER = {
  order_id: "order-1",
  customer_id: "customer-456",
  items: [{ product_id: "p-1", quantity: 2, price: 29.99 }],
};

const WAITS = `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: waits, version: 1.0.0}
spec:
  steps:
    - {name: long, type: wait, duration: 1h}
`;

const FAILS = `
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: fails, version: 1.0.0}
spec:
  steps:
    - {name: prepare, type: transform, input: {a: 1}}
    - {name: stop, type: fail, code: NO_STOCK, message: "<img src=x onerror=alert(1)> is not in stock", depends_on: [prepare]}
`;

const HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> ‮rtl‬ 💥 ";

describe("executions in the browser", () => {
  let web: Web;

  before(async () => {
    web = await openWeb();
    for (const text of [WAITS, FAILS]) {
      await web.platform.api.register(text);
    }
  });

  after(async () => {
    await web[Symbol.asyncDispose]();
  });

  async function start(workflow: string, input: unknown = {}, metadata: unknown = {}): Promise<string> {
    const answer = await fetch(`${web.platform.url}/api/v1/workflows/${workflow}/execute`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input, metadata }),
    });
    assert.equal(answer.status, 202);
    const body: unknown = await answer.json();
    assert(typeof body === "object" && body !== null && "execution_id" in body);
    return String(body.execution_id);
  }

  async function hasStatus(page: Page, word: string): Promise<void> {
    await page.locator("h1 .mf-status", { hasText: word }).waitFor();
  }

  test("a new execution appears in the list by itself, and its change is seen", async () => {
    const page = await web.open("/executions?workflow=waits");
    await page.getByText("No execution fits").waitFor();
    const id = await start("waits");
    const row = page.getByRole("row", { name: id });
    await row.getByText("Running").waitFor();
    await fetch(`${web.platform.url}/api/v1/executions/${id}/cancel`, { method: "POST" });
    await row.getByText("Cancelled").waitFor();
    await page.context().close();
  });

  test("an order is watched on the diagram until it completes, and says what it waits for until then", async () => {
    await web.platform.api.register(await readFile(join(ROOT, "examples/order-processing/workflow.yaml"), "utf8"));
    const id = await start("order-processing", ORDER);
    const page = await web.open(`/executions/${id}`, { scheme: "dark" });
    await page.getByRole("tab", { name: "Diagram", selected: true }).waitFor();
    await page.getByRole("region", { name: "Why it has not ended" }).getByText("order-service").first().waitFor();
    const payment = page.locator('.react-flow__node[aria-label^="payment"]');
    await payment.waitFor();
    assert.doesNotMatch((await payment.getAttribute("aria-label")) ?? "", /completed/);
    await using _executor = await startExample("order-processing", web.platform);
    await hasStatus(page, "Completed");
    await page.locator('.react-flow__node[aria-label^="payment"][aria-label*="completed"]').waitFor();
    await page.context().close();
  });

  test("a finished execution is walked through: each state, and all data, at each moment", async () => {
    await using _executor = await startExample("order-processing", web.platform);
    const id = await start("order-processing", ORDER);
    const page = await web.open(`/executions/${id}?tab=timeline`);
    await hasStatus(page, "Completed");
    const range = page.getByRole("slider", { name: "Event" });

    // At the second event nothing has completed, and the payment has not begun.
    await range.fill("2");
    await hasStatus(page, "Running");
    assert.equal(await page.getByRole("button", { name: /^payment/ }).count(), 0);
    await page.waitForURL(/at=2/);
    await page.reload();
    await hasStatus(page, "Running");

    // Keys go on; a link leads to the moment; the end is gone back to.
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/at=3/);
    await page.getByRole("button", { name: "To the end" }).click();
    await hasStatus(page, "Completed");
    await page.getByRole("button", { name: /^payment/ }).click();
    await page.getByRole("region", { name: "Step payment" }).getByText("payment_id").waitFor();

    // Played from the start it comes to its end by itself.
    await range.fill("1");
    await page.getByRole("button", { name: "Play (space)" }).click();
    await hasStatus(page, "Completed");
    await page.context().close();
  });

  test("an exported history is opened from its file, read-only", async () => {
    const id = await start("fails");
    const { text } = await web.platform.api.send("GET", `/api/v1/executions/${id}/export`);
    const page = await web.open("/executions");
    await page.locator('input[type="file"]').setInputFiles({
      name: "history.ndjson",
      mimeType: "application/x-ndjson",
      buffer: Buffer.from(text),
    });
    await page.getByText("Shown from a file").waitFor();
    await page.getByRole("region", { name: "Failure" }).getByText("NO_STOCK").waitFor();
    assert.equal(await page.getByRole("button", { name: "Retry" }).count(), 0);
    await page.context().close();
  });

  test("two executions are compared, step by step", async () => {
    const [a, b] = [await start("waits", { n: 1 }), await start("waits", { n: 2 })];
    const page = await web.open(`/compare/executions?a=${a}&b=${b}`);
    await page.getByRole("row", { name: /^long/ }).waitFor();
    const input = page.getByRole("region", { name: "What differs in the input" });
    await input.getByRole("row", { name: /\$\.n/ }).waitFor();
    await page.context().close();
  });

  test("a dead letter is looked into, and dropped", async () => {
    const id = await start("fails");
    const page = await web.open("/dead-letters?workflow=fails");
    await page.getByRole("button", { name: "fails" }).first().click();
    const letter = page.getByRole("region", { name: "The letter" });
    await letter.getByText("NO_STOCK").first().waitFor();
    const before = await page.getByRole("button", { name: "fails" }).count();
    assert(before > 0, `Expected ${id} among the dead letters.`);
    await letter.getByRole("button", { name: "Drop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Drop" }).click();
    await letter.waitFor({ state: "detached" });
    await page
      .getByRole("button", { name: "fails" })
      .nth(before - 1)
      .waitFor({ state: "detached" });
    await page.context().close();
  });

  test("a failed execution opens on its failure, and is retried", async () => {
    const id = await start("fails");
    const page = await web.open(`/executions/${id}`);
    const failure = page.getByRole("region", { name: "Failure" });
    await failure.getByText("NO_STOCK").waitFor();
    // What a message says is text and nothing else.
    await failure.getByText("<img src=x onerror=alert(1)> is not in stock").first().waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    const slider = page.getByRole("slider", { name: "Event" });
    const before = Number(await slider.getAttribute("max"));
    await failure.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
    await page.locator(`input[type="range"]:not([max="${before}"])`).waitFor();
    await hasStatus(page, "Failed");
    await failure.getByText("NO_STOCK").waitFor();
    await page.context().close();
  });

  test("fifty that run are cancelled at once, counted before and watched", async () => {
    await Promise.all(Array.from({ length: 50 }, () => start("waits", {}, { batch: "fifty" })));
    const page = await web.open("/executions?status=running&attribute=batch%3Dfifty");
    await page.getByText("50 executions").waitFor();
    await page.getByRole("checkbox", { name: "Choose all that are shown" }).click();
    await page.getByText("50 chosen").waitFor();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("50 executions are meant").waitFor();
    await dialog.getByRole("button", { name: "Cancel 50" }).click();
    await dialog.getByText("Over: 50 of 50 done").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("row").filter({ hasText: "Cancelled" }).first().waitFor();
    await page.context().close();
  });

  test("what people wrote is shown as text, in the list, on the page and in data", async () => {
    const id = await start("waits", { [HOSTILE]: HOSTILE.repeat(40) }, { note: HOSTILE });
    for (const scheme of ["light", "dark"] as const) {
      for (const address of [
        `/executions?text=${encodeURIComponent("<script>")}`,
        `/executions/${id}?tab=data`,
        `/executions/${id}?tab=history`,
        `/executions/${id}?tab=logs`,
        `/executions/${encodeURIComponent(HOSTILE)}`,
      ]) {
        const page = await web.open(address, { scheme, width: 390, height: 844 });
        await page.locator("h1").waitFor();
        assert.equal(await page.locator("img[src=x]").count(), 0);
        const isWider = await page.evaluate<boolean>(
          "document.documentElement.scrollWidth > document.documentElement.clientWidth",
        );
        assert.equal(isWider, false, `Expected ${address} to be no wider than a phone.`);
        await page.context().close();
      }
    }
  });

  test("no page has complained", () => {
    assert.deepEqual(web.complaints, []);
  });
});
