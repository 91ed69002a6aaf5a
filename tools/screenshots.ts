/**
 * `npm run screenshots`: a picture of every page, dark and light, wide and on a phone, into `docs/images/pages/`. The platform
 * runs with its demo and some orders, so that there is something to see.
 *
 *     npm run screenshots                 all of them
 *     npm run screenshots -- overview     only pages whose name has this in it
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "docs/images/pages");
const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const ORDERS = 60;

const LOOKS = [
  { name: "wide-light", scheme: "light", width: 1440, height: 900 },
  { name: "wide-dark", scheme: "dark", width: 1440, height: 900 },
  { name: "phone-light", scheme: "light", width: 390, height: 844 },
  { name: "phone-dark", scheme: "dark", width: 390, height: 844 },
] as const;

interface Shot {
  readonly name: string;
  readonly address: string;
  /** What is there once the page is whole. */
  readonly until: string;
}

const wanted = process.argv.slice(2);
const platform = await startDemo();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  mkdirSync(FOLDER, { recursive: true });
  const shots = (await pagesOf(platform.url)).filter(({ name }) => wanted.every((part) => name.includes(part)));
  for (const shot of shots) await take(browser, platform.url, shot);
} finally {
  await browser.close();
  await platform.stop();
}

async function take(from: Browser, url: string, { name, address, until }: Shot): Promise<void> {
  for (const { name: look, scheme, width, height } of LOOKS) {
    const context = await from.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    await page.goto(url + address);
    await page.locator(until).first().waitFor();
    // Pictures of data that is still on its way show what nobody looks at.
    await page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => undefined);
    await page.screenshot({ path: join(FOLDER, `${name}-${look}.png`) });
    await context.close();
    console.log(`${name}-${look}.png`);
  }
}

async function pagesOf(url: string): Promise<readonly Shot[]> {
  const failed = await firstOf(url, "status=failed");
  const completed = await firstOf(url, "status=completed&workflow=order-processing");
  return [
    { name: "overview", address: "/dashboard", until: "text=Happening now" },
    { name: "executions", address: "/executions", until: "main h1" },
    { name: "execution-diagram", address: `/executions/${completed}?tab=diagram`, until: ".react-flow__node" },
    { name: "execution-timeline", address: `/executions/${completed}?tab=timeline`, until: "main h1" },
    { name: "execution-history", address: `/executions/${completed}?tab=history`, until: "main h1" },
    { name: "execution-data", address: `/executions/${completed}?tab=data`, until: "main h1" },
    { name: "execution-failed", address: `/executions/${failed}`, until: "main" },
    { name: "workflows", address: "/workflows", until: "main h1" },
    { name: "workflow", address: "/workflows/order-processing", until: "text=Newest executions" },
    { name: "workflow-analytics", address: "/workflows/order-processing?tab=analytics", until: "text=Steps" },
    { name: "designer", address: "/designer", until: "text=New workflow" },
    { name: "designer-workflow", address: "/designer/order-processing?step=payment", until: ".react-flow__node" },
    { name: "templates", address: "/templates", until: ".react-flow__node" },
    { name: "dead-letters", address: "/dead-letters", until: "main h1" },
    { name: "executors", address: "/executors", until: "text=order-service" },
    { name: "circuit-breakers", address: "/circuit-breakers", until: "main h1" },
    { name: "api", address: "/api/docs?operation=startExecution", until: "text=Try it" },
  ];
}

async function firstOf(url: string, query: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/executions?limit=1&${query}`);
  const { items } = (await response.json()) as { items: readonly { execution_id: string }[] };
  return items[0]?.execution_id ?? "";
}

interface Demo {
  readonly url: string;
  stop(): Promise<void>;
}

async function startDemo(): Promise<Demo> {
  const data = mkdtempSync(join(tmpdir(), "magicflow-pictures-"));
  const args = ["start", "--demo", "--port", "0", "--dashboard-port", "0", "--data-dir", data];
  const child = spawn(join(ROOT, "magicflow"), args, { stdio: ["ignore", "pipe", "inherit"] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
    if (said.includes("Ctrl+C stops it.")) resolve(/web +(\S+)/.exec(said)?.[1] ?? "");
  });
  child.on("exit", (code) => reject(new Error(`Expected the platform to start, but it ended with ${code}.`)));
  const url = await promise;
  await fill(url);
  return {
    url,
    async stop() {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Orders that go well, and a workflow that fails. */
async function fill(url: string): Promise<void> {
  const failing = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: refund, version: 1.0.0, description: Gives money back, owner: shop-team@example.com, tags: [payments] }
spec:
  steps:
    - { name: look-up, type: transform, mapping: { amount: $.input.amount } }
    - { name: refund, type: fail, code: CARD_EXPIRED, message: The card of the customer has expired. }
`;
  const type = { "content-type": "application/yaml" };
  await fetch(`${url}/api/v1/workflows`, { method: "POST", headers: type, body: failing });
  const start = (workflow: string, input: unknown) =>
    fetch(`${url}/api/v1/workflows/${workflow}/execute?wait=20s`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
    });
  const order = (n: number) => ({
    order_id: `order-${n}`,
    customer_id: `customer-${n % 7}`,
    items: [{ product_id: `product-${n % 5}`, quantity: 1 + (n % 3), price: 9.9 + n }],
  });
  await Promise.all(Array.from({ length: ORDERS }, (_, n) => start("order-processing", order(n))));
  await Promise.all([40, 55, 12].map((amount) => start("refund", { amount })));
}
