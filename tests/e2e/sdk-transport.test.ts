/** How executors made with `magicflow/sdk` take tasks: over a stream, over one that breaks, and where there is none. */

import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer, connect as open, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { createExecutor, type Executor, type ExecutorOptions } from "magicflow/sdk";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
before(async () => {
  platform = await startPlatform();
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  assert.deepEqual(platform.faults, []);
});

/** A workflow of three steps, each a call of an executor of the same name. */
async function registerChain(name: string): Promise<void> {
  const steps = ["one", "two", "three"].map(
    (step) => `{ name: ${step}, executor: ${name}, function: work, input: { step: ${step} } }`,
  );
  await platform.api.register(
    `apiVersion: magicflow.io/v2\nkind: Workflow\nmetadata: { name: ${name}, version: 1.0.0 }\nspec: { steps: [${steps.join(", ")}] }\n`,
  );
}

interface Between extends AsyncDisposable {
  readonly url: string;
  /** Requests that wanted to become WebSockets. */
  upgrades: number;
  refusesUpgrades: boolean;
  /** Breaks every connection. */
  cut(): void;
}

/** What stands between an executor and the platform: it may break, or let no WebSocket through. */
async function openBetween(): Promise<Between> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = open(Number(new URL(platform.url).port), "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.once("data", (first) => {
      const isUpgrade = /^upgrade: websocket/im.test(first.toString("latin1"));
      if (isUpgrade) between.upgrades += 1;
      if (isUpgrade && between.refusesUpgrades) {
        near.end("HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return;
      }
      far.write(first);
      near.pipe(far);
    });
    far.pipe(near);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const between: Between = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upgrades: 0,
    refusesUpgrades: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      between.cut();
      await closed.promise;
    },
  };
  return between;
}

const COUNT = 150;

function executorOf(name: string, warnings: string[], more: Partial<ExecutorOptions>): Executor {
  return createExecutor({
    name,
    url: platform.url,
    concurrency: 40,
    onWarning: (message) => warnings.push(message),
    ...more,
  });
}

async function startMany(name: string): Promise<readonly string[]> {
  const started = await Promise.all(Array.from({ length: COUNT }, () => platform.api.start(name)));
  return started.map(({ execution_id }) => execution_id);
}

/** Every execution has ended, and each of its steps was completed once. */
async function checkCompleted(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    assert.equal((await platform.api.waitForEnd(id)).status, "completed");
    const completed = (await platform.api.history(id)).filter(({ type }) => type === "StepCompleted");
    assert.deepEqual(
      completed.map((event) => (event as unknown as { path: string }).path),
      ["one", "two", "three"],
    );
  }
}

for (const transport of ["stream", "poll"] as const) {
  test(`no completion is lost or doubled when the platform is killed (${transport})`, {
    timeout: 120_000,
  }, async () => {
    const name = `killed-${transport}`;
    await registerChain(name);
    let calls = 0;
    const enough = Promise.withResolvers<void>();
    await using executor = executorOf(name, [], { transport }).register("work", () => {
      calls += 1;
      if (calls === COUNT) enough.resolve();
      return {};
    });
    await executor.start();
    const ids = await startMany(name);
    await enough.promise;
    await platform.kill();
    await platform.start();
    await checkCompleted(ids);
  });

  test(`no completion is lost or doubled when connections break (${transport})`, { timeout: 120_000 }, async () => {
    const name = `cut-${transport}`;
    await registerChain(name);
    await using between = await openBetween();
    const seen = new Map<string, number>();
    let calls = 0;
    await using executor = executorOf(name, [], { transport, url: between.url, leaseMs: 2000 }).register(
      "work",
      (_input, { task }) => {
        seen.set(task.id, (seen.get(task.id) ?? 0) + 1);
        calls += 1;
        if (calls % 60 === 0) between.cut();
        return {};
      },
    );
    await executor.start();
    await checkCompleted(await startMany(name));
    assert.equal(seen.size, COUNT * 3);
    assert.equal(between.upgrades > 0, transport === "stream");
  });
}

test("where no WebSocket gets through, tasks are polled for, and that is said once", { timeout: 60_000 }, async () => {
  await registerChain("walled");
  await using between = await openBetween();
  between.refusesUpgrades = true;
  const warnings: string[] = [];
  await using executor = executorOf("walled", warnings, { url: between.url }).register("work", () => ({}));
  await executor.start();
  await checkCompleted(await startMany("walled"));
  assert.ok(between.upgrades > 0);
  assert.deepEqual(warnings, ["The platform gives no stream of tasks: polling for them."]);
});

test("a program without WebSocket polls, and says so once", { timeout: 60_000 }, async () => {
  await registerChain("bare");
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  assert.ok(own !== undefined);
  Reflect.deleteProperty(globalThis, "WebSocket");
  const warnings: string[] = [];
  try {
    await using executor = executorOf("bare", warnings, {}).register("work", () => ({}));
    await executor.start();
    await checkCompleted(await startMany("bare"));
  } finally {
    Object.defineProperty(globalThis, "WebSocket", own);
  }
  assert.deepEqual(warnings, ["There is no WebSocket here: polling for tasks."]);
});

test("a result that a stream was closed for fails its own step only", { timeout: 60_000 }, async () => {
  await registerChain("heavy");
  const warnings: string[] = [];
  let isFirst = true;
  await using executor = executorOf("heavy", warnings, {}).register("work", () => {
    const isHeavy = isFirst;
    isFirst = false;
    return isHeavy ? { text: "x".repeat(17 * 1024 * 1024) } : {};
  });
  await executor.start();
  const ids = await startMany("heavy");
  const statuses = await Promise.all(ids.map(async (id) => (await platform.api.waitForEnd(id)).status));
  assert.equal(statuses.filter((status) => status === "failed").length, 1);
  assert.equal(statuses.filter((status) => status === "completed").length, COUNT - 1);
});
