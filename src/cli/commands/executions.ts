import type { Command } from "commander";
import type { ControlAnswer, ExecutionMessage, ExecutionSummary } from "../../core/protocol/executions.ts";
import type { ExplanationMessage } from "../../core/protocol/explanations.ts";
import type { ExecutionFilter } from "../../sdk/client.ts";
import { readInput } from "../context.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import { followExecution, showEvent } from "../follow.ts";
import type { RunCommand } from "../main.ts";
import { inert, type Terminal, table } from "../terminal.ts";

/** `magicflow executions`: look at executions and control them. */
export function executionsCommand(program: Command, run: RunCommand): void {
  const executions = program.command("executions").description("look at executions and control them");
  listCommand(executions, run);
  getCommand(executions, run);
  explainCommand(executions, run);
  historyCommand(executions, run);
  logsCommand(executions, run);
  controlCommands(executions, run);
  rerunCommand(executions, run);
}

function listCommand(executions: Command, run: RunCommand): void {
  executions
    .command("list")
    .description("newest first")
    .option("--workflow <name>", "only of this workflow")
    .option("--status <status>", "one or more, separated by commas")
    .option("--tag <tag>", "only of workflows with this tag")
    .option("--text <text>", "part of the id, workflow, error or metadata")
    .option("--metadata <name=value...>", "search attributes")
    .option("--created-after <time>", "RFC 3339")
    .option("--created-before <time>", "RFC 3339")
    .option("--limit <n>", "at most this many", "50")
    .action((options: Record<string, string | string[] | undefined>) =>
      run(async ({ terminal, client }) => {
        const limit = Number(options["limit"]);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CommandFailure(
            EXIT.usage,
            `Expected --limit to be a whole number from 1, but it is "${String(options["limit"])}".`,
          );
        const items: ExecutionSummary[] = [];
        for await (const item of client().executions.list(filterOf(options, limit))) {
          items.push(item);
          if (items.length >= limit) break;
        }
        if (terminal.isJson) terminal.printJson({ items });
        else if (items.length === 0) terminal.say("There are no such executions.");
        else
          terminal.print(table([["ID", "WORKFLOW", "VERSION", "STATUS", "STARTED", "SECONDS"], ...items.map(rowOf)]));
        return EXIT.ok;
      }),
    );
}

function filterOf(options: Record<string, string | string[] | undefined>, limit: number): ExecutionFilter {
  const given = (name: string, as: string) => (typeof options[name] === "string" ? { [as]: options[name] } : {});
  const pairs = (options["metadata"] as string[] | undefined) ?? [];
  return {
    ...given("workflow", "workflow"),
    ...given("status", "status"),
    ...given("tag", "tag"),
    ...given("text", "text"),
    ...given("createdAfter", "created_after"),
    ...given("createdBefore", "created_before"),
    metadata: Object.fromEntries(
      pairs.map((pair) => [pair.split("=")[0] as string, pair.slice(pair.indexOf("=") + 1)]),
    ),
    limit: Math.min(limit, 1000),
  };
}

function rowOf(item: ExecutionSummary): readonly string[] {
  return [
    item.execution_id,
    item.workflow_name,
    item.version,
    item.status,
    item.created_at,
    item.duration === null ? "" : String(item.duration),
  ];
}

function getCommand(executions: Command, run: RunCommand): void {
  executions
    .command("get")
    .description("one execution with its steps")
    .argument("<id>")
    .option("-f, --follow", "show each step live until the end")
    .action((id: string, options: { follow?: boolean }) =>
      run(async ({ terminal, client: open }) => {
        const client = open();
        if (options.follow === true) await followExecution(terminal, client, id);
        const execution = await client.executions.get(id);
        if (terminal.isJson) terminal.printJson(execution, { compact: options.follow === true });
        else terminal.print(describe(terminal, execution));
        return EXIT.ok;
      }),
    );
}

function describe(terminal: Terminal, execution: ExecutionMessage): string {
  const { error } = execution;
  const facts = [
    ["execution", execution.execution_id],
    ["workflow", `${execution.workflow_name} ${execution.version}`],
    ["status", execution.status + (execution.phase === null ? "" : ` (${execution.phase})`)],
    ["created", execution.created_at],
    ["finished", execution.finished_at ?? "-"],
    ["seconds", execution.duration === null ? "-" : String(execution.duration)],
    ...(error === null ? [] : [["error", inert(`${error.code}: ${error.message}`)]]),
  ];
  const steps = execution.steps.map((step) => [
    step.path,
    step.type,
    step.status + (step.reason === null ? "" : ` (${step.reason})`),
    String(step.attempts),
    step.duration === null ? "" : String(step.duration),
    step.error === null ? "" : inert(step.error.code),
  ]);
  const output =
    execution.status === "completed"
      ? `\n${terminal.style("bold", "output")}\n${JSON.stringify(execution.output, null, 2)}`
      : "";
  return `${table(facts)}\n\n${table([["STEP", "TYPE", "STATUS", "ATTEMPTS", "SECONDS", "ERROR"], ...steps])}${output}`;
}

function explainCommand(executions: Command, run: RunCommand): void {
  executions
    .command("explain")
    .description("why it has not ended: what it waits for")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => {
        const explanation = await client().executions.explain(id);
        if (terminal.isJson) terminal.printJson(explanation);
        else terminal.print(inert(linesOf(explanation).join("\n")));
        return EXIT.ok;
      }),
    );
}

/** The sentence, and every wait by itself where it says more than the sentence does. */
function linesOf({ sentence, waits, hidden }: ExplanationMessage): readonly string[] {
  const told = waits.map((wait) => `  ${wait.sentence}`);
  const isWhole = waits.length <= 1 && hidden === 0;
  return [sentence, ...(isWhole ? [] : ["", ...told]), ...(hidden === 0 ? [] : [`  ... and ${hidden} more.`])];
}

function historyCommand(executions: Command, run: RunCommand): void {
  executions
    .command("history")
    .description("every event, in order")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => {
        for await (const event of client().executions.history(id)) {
          if (terminal.isJson) terminal.printJson(event, { compact: true });
          else
            terminal.print(
              `${String(event.seq).padStart(6)}  ${event.at}  ${event.type.padEnd(24)} ${inert(event.path ?? "")}`.trimEnd(),
            );
        }
        return EXIT.ok;
      }),
    );
}

function logsCommand(executions: Command, run: RunCommand): void {
  executions
    .command("logs")
    .description("what happened, in words")
    .argument("<id>")
    .option("-f, --follow", "go on until the end")
    .action((id: string, options: { follow?: boolean }) =>
      run(async ({ terminal, client: open }) => {
        const client = open();
        if (options.follow === true) {
          for await (const event of client.executions.follow(id)) showEvent(terminal, event);
          return EXIT.ok;
        }
        for await (const line of client.executions.logs(id)) {
          if (terminal.isJson) terminal.printJson(line, { compact: true });
          else terminal.print(`${line.at}  ${line.level.padEnd(5)}  ${inert(line.message)}`);
        }
        return EXIT.ok;
      }),
    );
}

function controlCommands(executions: Command, run: RunCommand): void {
  const one = (name: string, about: string) => executions.command(name).description(about).argument("<id>");
  const done = (terminal: Terminal, answer: ControlAnswer) => {
    if (terminal.isJson) terminal.printJson(answer);
    else terminal.say(`${answer.execution_id} is ${answer.status}`);
    return EXIT.ok;
  };
  one("cancel", "tell its tasks, clean up, end it")
    .option("--reason <text>")
    .action((id: string, options: { reason?: string }) =>
      run(async ({ terminal, client }) => done(terminal, await client().executions.cancel(id, options))),
    );
  one("terminate", "end it now: nothing more runs")
    .option("--reason <text>")
    .action((id: string, options: { reason?: string }) =>
      run(async ({ terminal, client }) => done(terminal, await client().executions.terminate(id, options))),
    );
  one("pause", "record results, begin nothing new")
    .option("--freeze-timers", "the pause does not count for timers")
    .action((id: string, options: { freezeTimers?: boolean }) =>
      run(async ({ terminal, client }) =>
        done(terminal, await client().executions.pause(id, options.freezeTimers === true ? { timers: "freeze" } : {})),
      ),
    );
  one("resume", "go on after a pause").action((id: string) =>
    run(async ({ terminal, client }) => done(terminal, await client().executions.resume(id))),
  );
  one("retry", "re-open it: failed and cancelled steps begin again").action((id: string) =>
    run(async ({ terminal, client }) => done(terminal, await client().executions.retry(id))),
  );
  one("signal", "send it a signal")
    .argument("<name>")
    .option("-d, --data <json>", "JSON, a file, or - for standard input")
    .option("--id <id>", "sent twice with one id, it counts once")
    .action((id: string, name: string, options: { data?: string; id?: string }) =>
      run(async ({ terminal, client }) => {
        const data = options.data === undefined ? null : readInput(options.data);
        return done(
          terminal,
          await client().executions.signal(id, name, data, options.id === undefined ? {} : { id: options.id }),
        );
      }),
    );
}

function rerunCommand(executions: Command, run: RunCommand): void {
  executions
    .command("rerun")
    .description("start a new execution like this one")
    .argument("<id>")
    .option("-i, --input <json>", "in place of its input")
    .option("--workflow-version <version>", "in place of its version")
    .action((id: string, options: { input?: string; workflowVersion?: string }) =>
      run(async ({ terminal, client }) => {
        const started = await client().executions.rerun(id, {
          ...(options.input === undefined ? {} : { input: readInput(options.input) }),
          ...(options.workflowVersion === undefined ? {} : { version: options.workflowVersion }),
        });
        if (terminal.isJson) terminal.printJson(started);
        else terminal.print(started.execution_id);
        return EXIT.ok;
      }),
    );
}
