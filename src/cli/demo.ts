/**
 * `start --demo`: the examples registered, the order executor running beside the platform and the one that the templates
 * call, one order taken through its workflow, and what to try next.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Platform } from "../assemble.ts";
import { createClient } from "../sdk/client.ts";
import { bundlesOf } from "./bundles.ts";
import { readText } from "./context.ts";
import { startDemoExecutor } from "./demo-executor.ts";
import { readSources } from "./documents.ts";
import { CommandFailure, EXIT } from "./exit-codes.ts";
import { followExecution } from "./follow.ts";
import type { Terminal } from "./terminal.ts";

const WORKFLOW = "order-processing";
/** Far more than an order takes; a demo that hangs should say so. */
const PATIENCE_MS = 60_000;
/** For what is being worked on when the demo stops. */
const STOP_MS = 2000;

export async function runDemo(options: {
  terminal: Terminal;
  platform: Platform;
  stopped: AbortSignal;
}): Promise<AsyncDisposable> {
  const { terminal, platform, stopped } = options;
  const examples = fileURLToPath(new URL("../../examples", import.meta.url));
  if (!existsSync(examples))
    throw new CommandFailure(EXIT.failure, `Expected the examples in ${examples}, but they are not there.`);
  const client = createClient({ url: platform.url });

  for (const { name, text } of bundlesOf(readSources([examples])).bundles) {
    const { version, change } = await client.workflows.register(text);
    terminal.print(`  workflow    ${name} ${version}${change === "unchanged" ? " (known)" : ""}`);
  }

  const helper = await startDemoExecutor({ url: platform.url });
  terminal.print("  executor    demo (what the workflow templates call)");
  const executor = startExecutor(join(examples, WORKFLOW, "executor.ts"), platform.url);
  terminal.print("  executor    order-service (examples/order-processing/executor.ts)");
  const input = JSON.parse(readText(join(examples, WORKFLOW, "input.json"))) as Record<string, string>;
  const started = await client.execute(WORKFLOW, { ...input, order_id: `order-${Date.now()}` });
  terminal.print(`\nOrder ${started.execution_id}`);
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(PATIENCE_MS)]);
  await followExecution(terminal, client, started.execution_id, signal);
  if (!stopped.aborted) {
    const ended = await client.executions.get(started.execution_id);
    terminal.print(`\n${ended.status} in ${ended.duration ?? "?"} s: ${JSON.stringify(ended.output ?? ended.error)}`);
    terminal.print(whatToTry(platform, started.execution_id));
  }
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([stopExecutor(executor), helper.stop({ graceMs: STOP_MS })]);
    },
  };
}

function startExecutor(file: string, url: string): ChildProcess {
  // The example is run as a user would run it: a program of its own that knows the platform's address.
  return spawn(process.execPath, ["--conditions=source", "--disable-warning=ExperimentalWarning", file], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, MAGICFLOW_URL: url },
  });
}

function stopExecutor(executor: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (executor.exitCode !== null || executor.signalCode !== null) return resolve();
    executor.once("exit", () => resolve());
    executor.kill("SIGTERM");
  });
}

function whatToTry({ url, dashboardUrl }: Platform, executionId: string): string {
  const order = `{"input": {"order_id": "order-1", "customer_id": "customer-456", "items": [{"product_id": "p-1", "quantity": 2, "price": 29.99}]}}`;
  return `
Try:
  curl -s '${url}/api/v1/workflows/${WORKFLOW}/execute?wait=30s' -H 'content-type: application/json' -d '${order}'
  curl -s '${url}/api/v1/executions/${executionId}'

  ${url}            web interface
  ${url}/api/docs   API
  ${dashboardUrl}            dashboard

Ctrl+C stops it.`;
}
