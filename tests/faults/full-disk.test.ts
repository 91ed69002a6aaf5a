/** A disk that fills up while work is under way: a real one, small and of its own, where the system gives one. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Platform, startPlatform } from "../e2e/platform.ts";
import { isNotReady, isReady, readinessOf, refuseStart, TASK, until, workOff } from "./conditions.ts";
import { startOnBadMachine } from "./machine.ts";

interface SmallDisk extends AsyncDisposable {
  readonly platform: Platform;
  readonly way: string;
  fill(): void;
  free(): void;
}

test("a full disk takes no starts, answers reads, and goes on by itself when there is room", {
  timeout: 120_000,
}, async (t) => {
  await using disk = await openSmallDisk();
  t.diagnostic(`the disk is ${disk.way}`);
  await staysTrue(disk);
});

test("so does one that tells nobody how full it is, as with a quota", { timeout: 120_000 }, async (t) => {
  await using machine = await startOnBadMachine();
  t.diagnostic(`faults by ${machine.way}`);
  const { platform, suffer } = machine;
  await staysTrue({
    platform,
    fill: () => suffer({ writeError: "ENOSPC" }),
    free: () => suffer({}),
  });
});

async function staysTrue({ platform, fill, free }: Pick<SmallDisk, "platform" | "fill" | "free">): Promise<void> {
  const { api } = platform;
  await api.register(TASK);
  const running = await Promise.all(Array.from({ length: 10 }, () => api.start("task")));
  const histories = await Promise.all(running.map(({ execution_id }) => api.history(execution_id)));
  const [first] = running;
  assert.ok(first !== undefined);

  fill();
  const problem = await refuseStart(api, "task", "while-full");
  assert.equal(problem.code, "STORAGE_FULL");
  assert.match(problem.detail, /disk .* is full\. Free some space/);
  const unreadyMs = await until("it to say that it is not ready", isNotReady(api));
  assert.ok(unreadyMs <= 1000, `not ready only ${Math.round(unreadyMs)} ms after the first refusal`);
  const { readiness } = await readinessOf(api);
  assert.equal(readiness.status, "failing");
  assert.match(readiness.checks["store"]?.error ?? "", /full/);
  assert.equal((await api.get("/health")).status, 200, "it is alive");

  // Reads go on, and nothing is taken, for as long as it lasts.
  for (let n = 0; n < 20; n++) {
    assert.equal((await refuseStart(api, "task", `while-full-${n}`)).code, "STORAGE_FULL");
    assert.equal((await api.read(first.execution_id)).status, "running");
  }
  for (const [i, { execution_id }] of running.entries())
    assert.deepEqual(await api.history(execution_id), histories[i]);
  const { body } = await api.get<{ items: unknown[] }>("/api/v1/executions?limit=100");
  assert.equal(body.items.length, running.length, "what was refused is not there");

  free();
  await until("it to be ready again", isReady(api));
  const { pid } = platform.child;
  const late = await api.post("/api/v1/workflows/task/execute", { input: {} }, { "idempotency-key": "while-full" });
  assert.equal(late.status, 202, late.text);
  await workOff(api, running.length + 1);
  for (const { execution_id } of running) assert.equal((await api.waitForEnd(execution_id)).status, "completed");
  assert.equal(platform.child.pid, pid, "without a restart");
}

test("an idle platform notices that the disk has become full, and that it has room again", {
  timeout: 120_000,
}, async () => {
  await using disk = await openSmallDisk();
  const { api } = disk.platform;
  disk.fill();
  const noticedMs = await until("it to notice", isNotReady(api));
  assert.ok(noticedMs <= 2000, `noticed after ${Math.round(noticedMs)} ms`);
  disk.free();
  await until("it to be ready again", isReady(api));
});

const SIZE = "40m";

/** A file system in memory that only the platform's own process sees; else the same by way of a bad machine. */
async function openSmallDisk(): Promise<SmallDisk> {
  const namespace = [
    ["unshare", "-m"],
    ["unshare", "-rm"],
  ].find(canMount);
  if (namespace === undefined) {
    const machine = await startOnBadMachine();
    return {
      platform: machine.platform,
      way: `no file system of its own: ${machine.way}`,
      fill: () => machine.suffer({ writeError: "ENOSPC" }),
      free: () => machine.suffer({}),
      [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
    };
  }
  const mount = `mkdir -p "$0" && mount -t tmpfs -o size=${SIZE} tmpfs "$0" && exec "$@"`;
  const platform = await startPlatform({
    launcher: (dataDirectory) => [...namespace, "sh", "-c", mount, dataDirectory],
  });
  // As the platform sees it, whose process has taken the place of all that launched it.
  const ballast = join(`/proc/${platform.child.pid}/root`, platform.dataDirectory, "ballast");
  return {
    platform,
    way: "a file system of its own",
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
    },
  };
}

function canMount(namespace: readonly string[]): boolean {
  const [command = "", ...args] = [...namespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** To the last byte. */
function fillWith(file: string): void {
  const handle = openSync(file, "w");
  try {
    const chunk = Buffer.alloc(64 * 1024, 1);
    while (writeSync(handle, chunk) > 0);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
  } finally {
    fsyncSync(handle);
    closeSync(handle);
  }
}
