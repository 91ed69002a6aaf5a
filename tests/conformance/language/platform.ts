/**
 * The real program, started on free ports over an empty folder, and what callers do with it over HTTP.
 *
 * Nothing of the program is imported here: what these cases rely on is what every caller can rely on.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json, JsonObject } from "../../../src/core/base/json.ts";

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

export interface Platform extends AsyncDisposable {
  request(method: string, path: string, body?: Json): Promise<Answer>;
  /** Sends a text as YAML. */
  send(method: string, path: string, yaml: string): Promise<Answer>;
}

const MAGICFLOW = join(import.meta.dirname, "..", "..", "..", "magicflow");

export async function startPlatform(config: string, environment: Readonly<Record<string, string>>): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), "magicflow-conformance-"));
  writeFileSync(join(folder, "config.yaml"), config);
  const flags = ["--config", join(folder, "config.yaml"), "--data-dir", join(folder, "data")];
  const child = spawn(MAGICFLOW, ["start", "--port", "0", "--dashboard-port", "0", ...flags], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const base = `${await addressOf(child)}/api/v1`;

  async function call(method: string, path: string, body: string | null, type: string): Promise<Answer> {
    const request = body === null ? { method } : { method, body, headers: { "content-type": type } };
    const response = await fetch(base + path, request);
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as JsonObject) };
  }

  return {
    request: (method, path, body) =>
      call(method, path, body === undefined ? null : JSON.stringify(body), "application/json"),
    send: (method, path, yaml) => call(method, path, yaml, "application/yaml"),
    async [Symbol.asyncDispose](): Promise<void> {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The start prints where it can be reached, once it can be. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const address = /web\s+(http:\S+)/.exec(printed)?.[1];
      if (address !== undefined && printed.includes("data ")) resolve(address);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`The platform ended with ${code} instead of starting:\n${printed}`)));
  });
}
