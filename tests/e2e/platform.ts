/**
 * The platform as its users have it: the real program in a process of its own, on ports and in a folder of its own. It can
 * be killed, stopped and started again; at the end nothing is left of it.
 */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Api, createApi } from "./api.ts";
import { type Child, type Exit, type Finished, freePort, openFolder, ROOT, runChild, startChild } from "./child.ts";

export interface Platform extends AsyncDisposable {
  readonly url: string;
  readonly dashboardUrl: string;
  readonly dataDirectory: string;
  readonly api: Api;
  /** The process that runs, or ran last. */
  readonly child: Child;
  /** Lines of the log that tell of faults, of all its processes. */
  readonly faults: readonly string[];
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Asks it to stop. */
  stop(): Promise<Exit>;
  /** Starts it again: the same ports, the same data. */
  start(): Promise<void>;
  /** A command of the command line that speaks with this platform. */
  cli(args: readonly string[], options?: CliOptions): Promise<Finished>;
}

export interface PlatformOptions {
  /** The text of a configuration file. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program of the tests that takes the same arguments, in place of `magicflow`. */
  readonly program?: string;
  /** A command that runs the command behind it, in a way of its own. */
  readonly launcher?: (dataDirectory: string) => readonly string[];
  /** The name of a variable that tells the data directory. */
  readonly inDirectory?: string;
}

export const MAGICFLOW: string = join(ROOT, "magicflow");

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const folder = await openFolder();
  const dataDirectory = join(folder.path, "data");
  const config = join(folder.path, "magicflow.yaml");
  if (options.config !== undefined) await writeFile(config, options.config);
  const ports = [String(await freePort()), String(await freePort())] as const;
  const [port, dashboardPort] = ports;
  const args = ["start", "--port", port, "--dashboard-port", dashboardPort, "--data-dir", dataDirectory];
  if (options.config !== undefined) args.push("--config", config);
  const children: Child[] = [];

  const program =
    options.program === undefined
      ? [MAGICFLOW]
      : [process.execPath, "--conditions=source", "--disable-warning=ExperimentalWarning", options.program];
  const [command = MAGICFLOW, ...before] = [...(options.launcher?.(dataDirectory) ?? []), ...program];
  const env = {
    ...(options.inDirectory === undefined ? {} : { [options.inDirectory]: dataDirectory }),
    ...options.env,
  };

  async function start(): Promise<void> {
    const child = startChild(command, [...before, ...args], { env });
    children.push(child);
    const banner = readBanner(await child.until(/^ +config .*\n/m));
    assert.deepEqual(banner, { web: url, dashboard: dashboardUrl, data: dataDirectory });
  }

  const url = `http://127.0.0.1:${port}`;
  const dashboardUrl = `http://127.0.0.1:${dashboardPort}`;
  const current = (): Child => {
    const child = children.at(-1);
    assert(child !== undefined, "the platform to have been started");
    return child;
  };
  const platform: Platform = {
    url,
    dashboardUrl,
    dataDirectory,
    api: createApi(url),
    get child() {
      return current();
    },
    get faults() {
      return children.flatMap(({ stderr }) => stderr.split("\n").filter((line) => /^\{"level":(50|60)/.test(line)));
    },
    async kill() {
      const exit = await current().end("SIGKILL");
      assert.equal(exit.signal, "SIGKILL", `Expected the platform to run until it is killed, but: ${current().stderr}`);
    },
    stop: () => current().end("SIGTERM"),
    start,
    cli: (cliArgs, cliOptions = {}) => cli(cliArgs, { ...cliOptions, env: { MAGICFLOW_URL: url, ...cliOptions.env } }),
    async [Symbol.asyncDispose]() {
      await current().end("SIGTERM");
      await folder[Symbol.asyncDispose]();
    },
  };
  try {
    await start();
  } catch (error) {
    await platform[Symbol.asyncDispose]();
    throw error;
  }
  return platform;
}

/** What `start` prints when it is ready. */
export function readBanner({ input }: RegExpExecArray): { web: string; dashboard: string; data: string } {
  const read = (label: string) => new RegExp(`^ +${label} +(.*)$`, "m").exec(input)?.[1] ?? "";
  return { web: read("web"), dashboard: read("dashboard"), data: read("data") };
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a command of the command line to its end. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return runChild(MAGICFLOW, args, options);
}

/** The executor of an example, ready to take tasks of the platform. */
export async function startExample(example: string, platform: Platform): Promise<Child> {
  return startExecutor(join(ROOT, "examples", example, "executor.ts"), platform);
}

/** Any program that is an executor, once it says that it is ready. */
export async function startExecutor(
  file: string,
  platform: Platform,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const args = ["--conditions=source", "--disable-warning=ExperimentalWarning", file];
  const child = startChild(process.execPath, args, { env: { MAGICFLOW_URL: platform.url, ...env } });
  await child.until(/\b(is|are) ready\b/).catch(async (error: unknown) => {
    await child.end("SIGKILL");
    throw error;
  });
  return child;
}
