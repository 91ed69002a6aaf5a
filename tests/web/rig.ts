/**
 * The pages as people have them: the real platform on ports and in a folder of its own, the built pages, real Chromium.
 *
 *     await using web = await openWeb();
 *     const page = await web.open("/executions");
 *     ...
 *     assert.deepEqual(web.complaints, []);
 *
 * What the browser complains of (errors of scripts, of the console, of the policy for content) is gathered from all pages.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ROOT } from "../e2e/child.ts";
import { type Platform, type PlatformOptions, startPlatform } from "../e2e/platform.ts";

export interface Web extends AsyncDisposable {
  readonly platform: Platform;
  readonly browser: Browser;
  readonly complaints: string[];
  /** A page of a new, empty browser profile, at an address of the platform. */
  open(address: string, look?: Look): Promise<Page>;
}

export interface Look {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
}

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** What is to be seen comes within this time, also on a machine that has much else to do. */
const PATIENCE_MS = 20_000;

export async function openWeb(options: PlatformOptions = {}): Promise<Web> {
  await buildPages();
  const platform = await startPlatform(options);
  const complaints: string[] = [];
  const contexts: BrowserContext[] = [];
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
  } catch (error) {
    await platform[Symbol.asyncDispose]();
    throw error;
  }
  return {
    platform,
    browser,
    complaints,
    async open(address, { scheme = "light", width = 1280, height = 860 } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      listen(page, complaints);
      await page.goto(platform.url + address);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const context of contexts) await context.close();
      await browser.close();
      await platform[Symbol.asyncDispose]();
    },
  };
}

function listen(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // A refusal that a page shows is told by the browser too; the tests look for it on the page.
    if (/^Failed to load resource: the server responded with a status of [45]/.test(message.text())) return;
    complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
}

function chromiumPath(): string {
  const path = process.env["MAGICFLOW_CHROMIUM"] ?? CHROMIUM.find((file) => existsSync(file));
  if (path === undefined) {
    throw new Error(
      "Expected Chromium, but there is none: `apt-get install chromium`, or name one in MAGICFLOW_CHROMIUM.",
    );
  }
  return path;
}

/** Once, and again where a source is newer than what was built of it. */
async function buildPages(): Promise<void> {
  const built = await modified(join(ROOT, "web/dist/index.html"));
  const newest = Math.max(await newestIn(join(ROOT, "web/src")), await newestIn(join(ROOT, "src/core")));
  if (built > newest) return;
  await promisify(execFile)(join(ROOT, "node_modules/.bin/vite"), ["build", "web", "--logLevel", "warn"], {
    cwd: ROOT,
  });
}

async function newestIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile() && !file.name.includes(".test.") && !file.parentPath.includes("samples"))
    .map((file) => modified(join(file.parentPath, file.name)));
  return Math.max(0, ...(await Promise.all(times)));
}

async function modified(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}
