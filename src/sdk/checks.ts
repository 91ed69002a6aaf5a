/**
 * Health checks of what an executor's functions need. The kinds `http`, `tcp`, `postgres` and `redis` come ready; `own` is a
 * function that throws while something is wrong. A check never takes longer than its time-out.
 */

import { connect } from "node:net";

export type Check = { readonly name: string; readonly function?: string; readonly timeoutMs?: number } & (
  | { readonly type: "http"; readonly url: string }
  | { readonly type: "tcp"; readonly host: string; readonly port: number }
  | { readonly type: "postgres"; readonly host: string; readonly port?: number }
  | { readonly type: "redis"; readonly host: string; readonly port?: number }
  | { readonly type: "own"; readonly run: (signal: AbortSignal) => unknown }
);

export interface CheckResult {
  readonly name: string;
  readonly status: "healthy" | "unhealthy" | "degraded";
  readonly function: string | null;
  readonly message: string | null;
}

const TIMEOUT_MS = 5000;

/** The bytes of PostgreSQL's SSLRequest: every server answers it with one letter, before any login. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<readonly CheckResult[]> {
  return Promise.all(
    checks.map(async (check): Promise<CheckResult> => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs ?? TIMEOUT_MS)]);
      const base = { name: check.name, function: check.function ?? null };
      try {
        await Promise.race([run(check, limited), aborted(limited)]);
        return { ...base, status: "healthy", message: null };
      } catch (error) {
        return { ...base, status: "unhealthy", message: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

async function run(check: Check, signal: AbortSignal): Promise<void> {
  switch (check.type) {
    case "http": {
      const answer = await fetch(check.url, { signal });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`Expected ${check.url} to answer with 2xx, but it answered ${answer.status}.`);
      return;
    }
    case "tcp":
      await exchange(check, null, signal);
      return;
    case "postgres": {
      const answer = await exchange({ host: check.host, port: check.port ?? 5432 }, SSL_REQUEST, signal);
      if (!/^[SN]/.test(answer))
        throw new Error(`Expected PostgreSQL at ${check.host}, but it answered something else.`);
      return;
    }
    case "redis": {
      const answer = await exchange({ host: check.host, port: check.port ?? 6379 }, Buffer.from("PING\r\n"), signal);
      if (!/^(\+PONG|-NOAUTH)/.test(answer))
        throw new Error(`Expected Redis at ${check.host}, but it answered something else.`);
      return;
    }
    case "own":
      await check.run(signal);
  }
}

/** Connects; where there is something to say, says it and gives the first bytes of the answer. */
function exchange(
  place: { host: string; port: number },
  greeting: Buffer | null,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...place, signal });
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("error", reject);
    socket.once("connect", () => (greeting === null ? end("") : socket.write(greeting)));
    socket.once("data", (data) => end(data.toString("latin1")));
    socket.once("end", () => reject(new Error(`Expected ${place.host}:${place.port} to answer, but it hung up.`)));
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error("Expected the check to end in time, but it did not."));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
