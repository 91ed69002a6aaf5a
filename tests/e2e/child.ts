/**
 * Programs in processes of their own: started, listened to, stopped by their process id, and never left behind, not even
 * by a test that was cut off.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** All that was written so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exited: Promise<Exit>;
  /** Resolves once standard output or standard error matches so many times; rejects if the program ends without. */
  until(pattern: RegExp, times?: number): Promise<RegExpExecArray>;
  /** Sends the signal, if it still runs, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, whole. */
  readonly input?: string | undefined;
}

/** The project's folder: where the documents' commands are meant to be given. */
export const ROOT: string = join(import.meta.dirname, "../..");

/** So long a program may take until it says what it is waited for, on a machine that does much else. */
const PATIENCE_MS = 60_000;

const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...quietEnvironment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  alive.add(child);
  const { promise: exited, resolve, reject } = Promise.withResolvers<Exit>();
  child.once("error", reject);
  // Of `close`, not of `exit`: by then everything that was written has been read.
  child.once("close", (code, signal) => {
    alive.delete(child);
    resolve({ code, signal });
  });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const hear = (add: (text: string) => void) => (text: string) => {
    add(text);
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on(
    "data",
    hear((text) => {
      stdout += text;
    }),
  );
  child.stderr.setEncoding("utf8").on(
    "data",
    hear((text) => {
      stderr += text;
    }),
  );
  // A program that does not read its input may close it early.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");

  async function until(pattern: RegExp, times = 1): Promise<RegExpExecArray> {
    const each = new RegExp(pattern, `${pattern.flags}g`);
    const { promise, resolve: found, reject: fail } = Promise.withResolvers<RegExpExecArray>();
    const said = () => `It said:\n${stdout}${stderr}`;
    const look = () => {
      const match = [...stdout.matchAll(each), ...stderr.matchAll(each)][times - 1];
      if (match !== undefined) found(match);
    };
    const timer = setTimeout(
      () => fail(new Error(`Expected ${command} ${args.join(" ")} to say ${pattern}, but it does not. ${said()}`)),
      PATIENCE_MS,
    );
    listeners.add(look);
    look();
    void exited.then(
      () => fail(new Error(`Expected ${command} ${args.join(" ")} to say ${pattern}, but it ended. ${said()}`)),
      fail,
    );
    return promise.finally(() => {
      clearTimeout(timer);
      listeners.delete(look);
    });
  }

  function end(signal: NodeJS.Signals): Promise<Exit> {
    if (alive.has(child)) child.kill(signal);
    return exited;
  }

  return {
    get pid() {
      assert(child.pid !== undefined, "a program that was started to have a process id");
      return child.pid;
    },
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    exited,
    until,
    end,
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
    },
  };
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Finished> {
  await using child = startChild(command, args, options);
  const timer = setTimeout(() => void child.end("SIGKILL"), PATIENCE_MS);
  const exit = await child.exited;
  clearTimeout(timer);
  return { ...exit, stdout: child.stdout, stderr: child.stderr };
}

/** Without what this machine's user has set for the product, for Node and for colours. */
function quietEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(MAGICFLOW_|NODE_|FORCE_COLOR|CI$)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: "1",
    // Hundreds of processes load the same files.
    NODE_COMPILE_CACHE: join(ROOT, ".cache/compile"),
    // No configuration but the test's own.
    XDG_CONFIG_HOME: join(tmpdir(), "magicflow-e2e-no-configuration"),
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
  };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "magicflow-e2e-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * A port that stays the same over restarts. Below those from which the system takes ports for outgoing connections: a
 * client that calls while nobody listens could otherwise be given the very port that it calls, and meet itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}
