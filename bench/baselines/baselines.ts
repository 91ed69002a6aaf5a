/**
 * What this machine gives at this moment, measured in the same run as everything else and by the same generator: a bare
 * HTTP server and a bare loop of commits. Numbers belong to a machine; ratios to these travel.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { drive } from "../drive.ts";
import type { Figure } from "../figures.ts";
import { watchProcess } from "../places.ts";
import { readOthers, readUsage } from "../usage.ts";
import { measureCommits } from "./commit-loop.ts";

const ECHO_SERVER = fileURLToPath(new URL("echo-server.ts", import.meta.url));

const BODY = JSON.stringify({ input: { quantity: 3, price: 19.9, customer: { name: "Ada", tier: "gold" } } });

const LOOK_MS = 2000;

export async function measureBaselines(seconds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  figures.push({
    id: "others",
    what: "processors used by others before we begin",
    value: await readOthers(LOOK_MS),
    unit: "",
  });
  const spawnedAt = performance.now();
  const server = fork(ECHO_SERVER, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  watchProcess(server);
  const [port] = (await once(server, "message")) as [number];
  figures.push({
    id: "echo.start",
    what: "bare HTTP server: ready after",
    value: performance.now() - spawnedAt,
    unit: "ms",
  });
  figures.push({
    id: "echo.memory",
    what: "bare HTTP server: memory before the first request",
    value: readUsage(server.pid ?? 0).residentBytes / 1e6,
    unit: "MB",
  });
  for (const clients of [1, 64, 256]) figures.push(...(await measureEcho(server, port, clients, seconds)));
  server.disconnect();
  for (const rows of [1, 100]) {
    const { rowsPerSecond, latency } = measureCommits(rows, seconds);
    figures.push({
      id: `commit.${rows}.rate`,
      what: `bare commits of ${rowsOf(rows)}: rows`,
      value: rowsPerSecond,
      unit: "/s",
    });
    figures.push({
      id: `commit.${rows}.p50`,
      what: `bare commits of ${rowsOf(rows)}: p50`,
      value: latency.p50Ms,
      unit: "ms",
    });
  }
  return figures;
}

async function measureEcho(
  server: ChildProcess,
  port: number,
  clients: number,
  seconds: number,
): Promise<readonly Figure[]> {
  const driven = await drive(
    {
      kind: "load",
      url: `http://127.0.0.1:${port}`,
      path: "/",
      body: BODY,
      expected: { status: 200, text: '"Ada"', times: 1 },
      pace: { kind: "closed", clients },
      warmUpSeconds: Math.min(1, seconds / 2),
      seconds,
      executor: null,
    },
    server.pid ?? 0,
  );
  const what = `bare HTTP server, ${clients} ${clients === 1 ? "client" : "clients"}`;
  return [
    { id: `echo.${clients}.rate`, what: `${what}: requests`, value: driven.answers / driven.seconds, unit: "/s" },
    { id: `echo.${clients}.p50`, what: `${what}: p50`, value: driven.latency.p50Ms, unit: "ms" },
    {
      id: `echo.${clients}.time`,
      what: `${what}: processor time for each`,
      value: (driven.share.mainThread * driven.seconds * 1e6) / driven.answers,
      unit: "us",
    },
  ];
}

function rowsOf(count: number): string {
  return count === 1 ? "one row" : `${count} rows`;
}
