/** A script worker: runs one job after another on a thread of its own, where a script can hold up nobody else. */

import { parentPort } from "node:worker_threads";
import { defined } from "../../../core/base/bug.ts";
import { loadQuickJs, runJavaScript } from "./javascript.ts";
import { runJsonata } from "./jsonata.ts";
import type { Job, Ready, Reply } from "./messages.ts";

const port = defined(parentPort, "a worker to have a port to its parent");
const quickjs = await loadQuickJs();

harden();
port.on("message", async (job: Job) => {
  const reply: Reply = job.language === "javascript" ? runJavaScript(quickjs, job) : await runJsonata(job);
  // A part of an expression may still run when another part has failed: the next job waits until nothing is left of it.
  await new Promise((resolve) => setImmediate(resolve));
  port.postMessage(reply);
});
port.postMessage({ kind: "ready" } satisfies Ready);

/**
 * JSONata runs in this very engine. It does not let expressions reach a constructor; should one do it all the same, the
 * constructors that make code of text are gone, and prototypes that all runs share take nothing new.
 */
function harden(): void {
  for (const sample of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    Object.defineProperty(Object.getPrototypeOf(sample), "constructor", { value: undefined });
  }
  for (const prototype of [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype]) {
    Object.preventExtensions(prototype);
  }
}
