/**
 * What this machine gives at this moment: a bare HTTP server under the same generator, and a bare loop of commits on the
 * same disk. Measured right before and right after each load, because other people's work comes and goes: figures belong to
 * a machine and a moment, ratios to these travel.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { drive } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { watchProcess } from "../places.ts";
import { readOthers, readUsage } from "../usage.ts";
import { measureCommits } from "./commit-loop.ts";

/** `echo` for so many clients, `commit` of so many rows, `start` of the bare server. */
export type Baseline = "start" | "echo.1" | "echo.64" | "echo.256" | "commit.1" | "commit.100";

const ECHO_SERVER = fileURLToPath(new URL("echo-server.ts", import.meta.url));

const BODY = JSON.stringify({ input: { quantity: 3, price: 19.9, customer: { name: "Ada", tier: "gold" } } });

const LOOK_MS = 1000;
const SECONDS = 1.5;
const WARM_UP_SECONDS = 1;

export async function measureBaselines(baselines: readonly Baseline[]): Promise<readonly Figure[]> {
  const others = await readOthers(LOOK_MS);
  const figures: Figure[] = [{ id: "others", what: "processors used by others around it", value: others, unit: "" }];
  for (const baseline of baselines) {
    const [kind, count = ""] = baseline.split(".");
    if (kind === "start") figures.push(...(await measureStart()));
    if (kind === "echo") figures.push(...(await measureEcho(Number(count))));
    if (kind === "commit") figures.push(...describeCommits(Number(count)));
  }
  return figures;
}

/** Of the same figures, found twice. */
export function meanOf(before: readonly Figure[], after: readonly Figure[]): readonly Figure[] {
  const later = new Map(after.map(({ id, value }) => [id, value]));
  return before.map((figure) => ({ ...figure, value: (figure.value + (later.get(figure.id) ?? figure.value)) / 2 }));
}

export interface EchoServer extends Disposable {
  readonly pid: number;
  readonly port: number;
  readonly readyMs: number;
}

export async function startEcho(): Promise<EchoServer> {
  const spawnedAt = performance.now();
  const server: ChildProcess = fork(ECHO_SERVER, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  watchProcess(server);
  const [port] = (await once(server, "message")) as [number];
  const readyMs = performance.now() - spawnedAt;
  return { pid: server.pid ?? 0, port, readyMs, [Symbol.dispose]: () => server.disconnect() };
}

async function measureStart(): Promise<readonly Figure[]> {
  using server = await startEcho();
  const { residentBytes } = readUsage(server.pid);
  return [
    { id: "start.ready", what: "bare HTTP server: ready after", value: server.readyMs, unit: "ms" },
    { id: "start.memory", what: "bare HTTP server: memory", value: residentBytes / 1e6, unit: "MB" },
  ];
}

async function measureEcho(clients: number): Promise<readonly Figure[]> {
  using server = await startEcho();
  const driven = await drive(
    {
      kind: "load",
      url: `http://127.0.0.1:${server.port}`,
      path: "/",
      body: BODY,
      expected: { status: 200, text: '"Ada"', times: 1 },
      pace: { kind: "closed", clients },
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: SECONDS,
    },
    server.pid,
  );
  const what = `bare HTTP server, ${clients} ${clients === 1 ? "client" : "clients"}`;
  const time = (driven.share.mainThread * driven.seconds * 1e6) / driven.answers;
  return [
    { id: `echo.${clients}.rate`, what: `${what}: requests`, value: driven.answers / driven.seconds, unit: "/s" },
    { id: `echo.${clients}.p50`, what: `${what}: p50`, value: driven.latency.p50Ms, unit: "ms" },
    { id: `echo.${clients}.time`, what: `${what}: time of its main thread for each`, value: time, unit: "us" },
  ];
}

function describeCommits(rows: number): readonly Figure[] {
  const { rowsPerSecond, latency } = measureCommits(rows, SECONDS);
  const what = `bare commits of ${rows === 1 ? "one row" : `${rows} rows`}`;
  return [
    { id: `commit.${rows}.rate`, what: `${what}: rows`, value: rowsPerSecond, unit: "/s" },
    { id: `commit.${rows}.p50`, what: `${what}: p50`, value: latency.p50Ms, unit: "ms" },
  ];
}
