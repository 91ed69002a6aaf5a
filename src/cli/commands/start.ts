import type { Command } from "commander";
import type { Platform } from "../../assemble.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { readMetricsFile } from "../metrics-file.ts";
import type { Terminal } from "../terminal.ts";
import { versionText } from "../version.ts";

interface Options {
  readonly config?: string;
  readonly port?: string;
  readonly dashboardPort?: string;
  readonly dataDir?: string;
  readonly demo?: boolean;
}

/** `magicflow start`: the platform, until it is told to stop. */
export function startCommand(program: Command, run: RunCommand): void {
  program
    .command("start")
    .description("start the platform")
    .option("-c, --config <file>", "configuration file")
    .option("-p, --port <n>", "web interface and API; 0 takes a free one")
    .option("--dashboard-port <n>", "dashboard; 0 takes a free one")
    .option("--data-dir <folder>", "where the embedded store is")
    .option("--demo", "register the examples, start the order executor and run one order")
    .addHelpText(
      "after",
      "\nExamples:\n  magicflow start\n  magicflow start --port 0 --dashboard-port 0 --data-dir ./data\n  magicflow start --config magicflow.yaml",
    )
    .action((options: Options) =>
      run(async ({ terminal }) => {
        const { loadConfig } = await import("../settings.ts");
        const { config, file } = loadConfig(terminal, options.config, {
          ...(options.port === undefined ? {} : { "server.port": options.port }),
          ...(options.dashboardPort === undefined ? {} : { "server.dashboard_port": options.dashboardPort }),
          ...(options.dataDir === undefined ? {} : { data_dir: options.dataDir }),
        });
        for (const warning of config.warnings) terminal.warn(warning);
        // Loaded here, so that the other commands start without the server.
        const [{ pino }, { openPlatform }] = await Promise.all([import("pino"), import("../../assemble.ts")]);
        const log = pino({ level: config.monitoring.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
        const stopped = stopSignals(terminal);
        const platform = await openPlatform({
          config,
          version: versionText(),
          businessMetrics: readMetricsFile(config.monitoring.metricsFile, file),
          report: (error, about) => log.error({ err: error }, about),
          note: (message) => log.info(message),
        }).catch((error: unknown) => {
          throw startFailure(error, config.dataDirectory);
        });
        await using _closing = platform;
        showBanner(terminal, platform, config.dataDirectory, file);
        if (options.demo === true) {
          const { runDemo } = await import("../demo.ts");
          await using _demo = await runDemo({ terminal, platform, stopped: stopped.signal });
          await stopped.promise;
        } else {
          await stopped.promise;
        }
        terminal.say("Stopping: running requests are let end.");
        return EXIT.ok;
      }),
    );
}

function showBanner(
  terminal: Terminal,
  { url, dashboardUrl }: Platform,
  dataDirectory: string,
  file: string | null,
): void {
  const line = (label: string, value: string) => terminal.print(`  ${label.padEnd(12)}${value}`);
  terminal.print(`Magic Flow ${versionText()} is ready`);
  line("web", url);
  line("dashboard", dashboardUrl);
  line("API", `${url}/api/docs`);
  line("data", dataDirectory);
  line("config", file ?? "defaults");
  terminal.warn("Everyone on this machine may do everything: the platform listens without asking who calls.");
}

/** The first signal asks for an orderly stop, a second one does not wait for it. */
function stopSignals(terminal: Terminal): { readonly promise: Promise<void>; readonly signal: AbortSignal } {
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const listen = (name: "SIGINT" | "SIGTERM", exitCode: number) => {
    process.on(name, () => {
      if (stop.signal.aborted) {
        terminal.say("Stopping at once.");
        process.exit(exitCode);
      }
      stop.abort();
      resolve();
    });
  };
  listen("SIGINT", EXIT.interrupted);
  listen("SIGTERM", EXIT.terminated);
  return { promise, signal: stop.signal };
}

function startFailure(error: unknown, dataDirectory: string): unknown {
  const { code, port } = error as { code?: string; port?: number };
  if (code === "EADDRINUSE") {
    return new CommandFailure(
      EXIT.failure,
      `Expected port ${port} to be free, but something listens there. Choose another: --port 0 --dashboard-port 0 take free ones.`,
    );
  }
  if (code === "EACCES") {
    return new CommandFailure(
      EXIT.failure,
      `Expected to be allowed to listen on port ${port}, but the system says no. Choose one above 1023.`,
    );
  }
  if (error instanceof Error && error.name === "StoreError")
    return new CommandFailure(EXIT.failure, `${error.message} (data in ${dataDirectory})`);
  return error;
}
