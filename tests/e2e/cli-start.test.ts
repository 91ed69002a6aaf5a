/** `magicflow start`: what it prints, what it refuses, how it stops, and from where it can be called. */

import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Child, openFolder, ROOT, runChild, startChild } from "./child.ts";
import { cli, MAGICFLOW, readBanner, startPlatform } from "./platform.ts";

/** Starts on ports that the system chooses. */
function startAnywhere(dataDirectory: string, more: readonly string[] = [], command = MAGICFLOW, cwd = ROOT): Child {
  const args = ["start", "--port", "0", "--dashboard-port", "0", "--data-dir", dataDirectory, ...more];
  return startChild(command, args, { cwd });
}

async function status(url: string): Promise<number> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).status;
}

test("start prints where everything is, and stops when it is told to", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using child = startAnywhere(join(folder.path, "data"));
    const { web, dashboard, data } = readBanner(await child.until(/^ +config .*\n/m));
    assert.match(child.stdout, /^Magic Flow \S+ is ready\n/);
    assert.match(child.stdout, /^ +config +defaults$/m);
    assert.equal(data, join(folder.path, "data"));
    assert.notEqual(web, dashboard);
    for (const url of [web, dashboard]) {
      assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
      for (const path of ["/", "/ready", "/api/docs", "/api/docs/openapi.json"])
        assert.equal(await status(url + path), 200);
    }
    assert.match(child.stderr, /^warning Everyone on this machine may do everything/);
    assert.deepEqual(await child.end(signal), { code: 0, signal: null });
    await assert.rejects(status(web), /fetch failed/);
  }
});

test("a stop lets waiting requests answer, and a second signal does not wait", { timeout: 60_000 }, async () => {
  await using platform = await startPlatform();
  const { api, child } = platform;
  const poll = api.poll({ executor: "nobody", wait_ms: 60_000 });
  // Connected before the signal is sent: answered, whatever else happens.
  await api.get("/health");
  assert.deepEqual(await child.end("SIGTERM"), { code: 0, signal: null });
  assert.deepEqual(await poll, []);

  await platform.start();
  const upload = openUpload(new URL(platform.url));
  await upload.connected;
  platform.child.end("SIGTERM");
  await platform.child.until(/Stopping/);
  const exit = await platform.child.end("SIGTERM");
  assert.deepEqual(exit, { code: 143, signal: null });
  assert.match(platform.child.stderr, /Stopping at once/);
  upload.end();
});

/** A request whose body does not end: a stop would wait for it as long as it is allowed to. */
function openUpload({ hostname, port }: URL): { readonly connected: Promise<void>; end(): void } {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode("["));
      resolve();
      await new Promise<void>((end) => abort.signal.addEventListener("abort", () => end()));
    },
  });
  const init = {
    method: "POST",
    body,
    duplex: "half",
    signal: abort.signal,
    headers: { "content-type": "application/json" },
  };
  fetch(`http://${hostname}:${port}/api/v1/events`, init as RequestInit).catch(() => {});
  return { connected: promise, end: () => abort.abort() };
}

test("start says what is in the way: a port, a lock, a setting", { timeout: 90_000 }, async () => {
  await using folder = await openFolder();
  await using taken = await listen();
  const other = ["--dashboard-port", "0", "--data-dir", join(folder.path, "data")];
  const port = await cli(["start", "--port", String(taken.port), ...other]);
  assert.deepEqual([port.code, port.stdout], [1, ""]);
  assert.match(port.stderr, new RegExp(`Expected port ${taken.port} to be free`));

  await using running = startAnywhere(join(folder.path, "data"));
  await running.until(/^ +config /m);
  const second = await cli(["start", "--port", "0", "--dashboard-port", "0", "--data-dir", join(folder.path, "data")]);
  assert.deepEqual([second.code, second.stdout], [1, ""]);
  assert.ok(second.stderr.includes(join(folder.path, "data")), second.stderr);
  assert.doesNotMatch(second.stderr, /\n +at /, "a stack trace");
  assert.deepEqual(await running.end("SIGTERM"), { code: 0, signal: null });

  const config = join(folder.path, "wrong.yaml");
  await writeFile(config, "server:\n  port: many\n  prot: 1\ndatabase: { type: oracle }\n");
  const wrong = await cli(["start", "--config", config]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /wrong\.yaml:2:\d+\n.*"many"/);
  assert.match(wrong.stderr, /wrong\.yaml:3:3\n[\s\S]*Did you mean "port"/);
  assert.match(wrong.stderr, /wrong\.yaml:4:\d+\n.*sqlite.*"oracle"/);

  const open = await cli(["start", "--data-dir", join(folder.path, "open")], {
    env: { MAGICFLOW_SERVER_HOST: "0.0.0.0" },
  });
  assert.equal(open.code, 2, open.stderr);
  assert.match(open.stderr, /auth_enabled/);
  assert.doesNotMatch(open.stderr, /\n +at /, "a stack trace");
});

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listen(): Promise<Listening> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null, "a server to have an address");
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

test("the program works from any folder, through links, and by both names", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  await symlink(MAGICFLOW, join(folder.path, "absolute"));
  await symlink("absolute", join(folder.path, "magic-flow"));
  const direct = await cli(["--version"], { cwd: folder.path });
  const linked = await runChild("./magic-flow", ["--version"], { cwd: folder.path });
  const path = `${folder.path}:${process.env["PATH"]}`;
  const found = await runChild("magic-flow", ["--version"], { cwd: "/", env: { PATH: path } });
  for (const { code, stdout } of [direct, linked, found]) assert.deepEqual([code, stdout], [0, direct.stdout]);

  // Paths are read from where the caller stands.
  await using child = startAnywhere("my-data", [], join(folder.path, "magic-flow"), folder.path);
  const { web } = readBanner(await child.until(/^ +config .*\n/m));
  assert.equal(await status(`${web}/ready`), 200);
  assert.deepEqual(await child.end("SIGTERM"), { code: 0, signal: null });
  assert.equal((await runChild("ls", ["my-data"], { cwd: folder.path })).code, 0);
});

test("a configuration file and the environment are read, flags win", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  const data = join(folder.path, "data");
  await writeFile(join(folder.path, "magicflow.yaml"), `server: { port: 1, dashboard_port: 0 }\ndata_dir: ${data}\n`);
  await using child = startChild(MAGICFLOW, ["start", "--port", "0"], {
    cwd: folder.path,
    env: { MAGICFLOW_SERVER_PORT: "2" },
  });
  const banner = readBanner(await child.until(/^ +config .*\n/m));
  assert.equal(banner.data, data);
  assert.match(child.stdout, /^ +config +magicflow\.yaml$/m);
  assert.deepEqual(await child.end("SIGTERM"), { code: 0, signal: null });
});

test("the demo takes an order through its workflow, and leaves no executor behind", { timeout: 90_000 }, async () => {
  await using folder = await openFolder();
  await using child = startAnywhere(join(folder.path, "data"), ["--demo"]);
  await child.until(/Ctrl\+C stops it\./);
  assert.match(child.stdout, /workflow +order-processing 1\.0\.0/);
  assert.match(child.stdout, /\ncompleted in [\d.]+ s: \{.*"total":63\.31.*\}\n/);
  const { web } = readBanner(await child.until(/^ +config .*\n/m));
  const { items } = (await (await fetch(`${web}/api/v1/executors`)).json()) as {
    items: { name: string; status: string }[];
  };
  assert.deepEqual(
    items.map(({ name, status: state }) => [name, state]),
    [
      ["demo", "online"],
      ["order-service", "online"],
    ],
  );
  const executors = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")).trim();
  assert.match(executors, /^\d+$/, "one executor");
  assert.deepEqual(await child.end("SIGINT"), { code: 0, signal: null });
  assert.throws(() => process.kill(Number(executors), 0), /ESRCH/, "the executor still runs");
});
