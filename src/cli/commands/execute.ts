import type { Command } from "commander";
import type { ExecutionMessage } from "../../core/protocol/executions.ts";
import type { ExecuteOptions } from "../../sdk/client.ts";
import { readDuration, readInput, readMetadata } from "../context.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import { followExecution } from "../follow.ts";
import type { RunCommand } from "../main.ts";

interface Options {
  readonly input?: string;
  readonly metadata?: string;
  readonly executionId?: string;
  readonly workflowVersion?: string;
  readonly priority?: string;
  readonly timeout?: string;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
  readonly follow?: boolean;
  readonly waitTimeout?: string;
}

/** `magicflow execute`: starts a workflow on the server, and waits for it or follows its steps. */
export function executeCommand(program: Command, run: RunCommand): void {
  program
    .command("execute")
    .description("start a workflow on the server")
    .argument("<workflow>", "name or id")
    .option("-i, --input <json>", "JSON, a file, or - for standard input")
    .option("--metadata <pairs>", "name=value,... or a JSON object")
    .option("--execution-id <id>", "choose the id: starting it again is the same execution")
    .option("--idempotency-key <key>", "starting again with it is the same execution")
    .option("--workflow-version <version>", "in place of the active one")
    .option("--priority <priority>", "low, normal, high, critical, or 0 to 9")
    .option("--timeout <duration>", "of the whole execution")
    .option("-w, --wait", "wait for the end, and print the output")
    .option("-f, --follow", "wait for the end, and show each step live")
    .option("--wait-timeout <duration>", "give up waiting after this time (exit code 124); the execution goes on")
    .addHelpText(
      "after",
      '\nExamples:\n  magicflow execute order-processing --input order.json --wait\n  magicflow execute order-processing -i \'{"order_id": "o-1"}\' --follow',
    )
    .action((workflow: string, options: Options) =>
      run(async ({ terminal, client: open }) => {
        // Looked at before the start: a wrong option must not leave an execution behind.
        const ms = options.waitTimeout === undefined ? null : readDuration(options.waitTimeout, "--wait-timeout");
        const client = open();
        const started = await client.execute(workflow, readInput(options.input), startOptions(options));
        if (options.wait !== true && options.follow !== true) {
          if (terminal.isJson) terminal.printJson(started);
          else terminal.print(started.execution_id);
          terminal.say(`${started.status}: follow it with magicflow executions get ${started.execution_id}`);
          return EXIT.ok;
        }
        const signal = ms === null ? undefined : AbortSignal.timeout(ms);
        if (options.follow === true) await followExecution(terminal, client, started.execution_id, signal);
        else terminal.progress(`${started.execution_id} ${started.status} ...`);
        const ended = await client
          .waitForEnd(started.execution_id, signal === undefined ? {} : { signal })
          .catch((error: unknown) => {
            if (signal?.aborted !== true) throw error;
            throw new CommandFailure(
              EXIT.timeout,
              `Expected ${started.execution_id} to end within ${options.waitTimeout}, but it goes on.`,
            );
          });
        return showEnd(terminal, ended, { compact: options.follow === true });
      }),
    );
}

function startOptions(options: Options): ExecuteOptions {
  return {
    metadata: readMetadata(options.metadata),
    ...(options.executionId === undefined ? {} : { execution_id: options.executionId }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    ...(options.workflowVersion === undefined ? {} : { version: options.workflowVersion }),
    ...(options.priority === undefined ? {} : { priority: priorityOf(options.priority) }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  };
}

function priorityOf(given: string): NonNullable<ExecuteOptions["priority"]> {
  return (/^\d$/.test(given) ? Number(given) : given) as NonNullable<ExecuteOptions["priority"]>;
}

/** Prints the output, or the error, and answers the exit code. `compact`: as the last line of a stream of JSON. */
export function showEnd(
  terminal: Parameters<typeof followExecution>[0],
  ended: ExecutionMessage,
  options: { readonly compact?: boolean } = {},
): number {
  if (terminal.isJson) terminal.printJson(ended, options);
  else if (ended.status === "completed") terminal.print(JSON.stringify(ended.output, null, 2));
  const seconds = ended.duration === null ? "" : ` in ${ended.duration} s`;
  if (ended.status === "completed") {
    terminal.say(`${terminal.style("green", "completed")} ${ended.execution_id}${seconds}`);
    return EXIT.ok;
  }
  const { error } = ended;
  const reason =
    error === null ? "" : `: ${error.code}: ${error.message}${error.step === undefined ? "" : ` (step ${error.step})`}`;
  terminal.say(`${terminal.style("red", ended.status)} ${ended.execution_id}${seconds}${reason}`);
  return EXIT.executionFailed;
}
