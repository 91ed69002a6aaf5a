import type { Command } from "commander";
import type { ExecutionMessage, ExecutionSummary } from "../../core/protocol/executions.ts";
import type { ExplanationMessage } from "../../core/protocol/explanations.ts";
import { type FilterOptions, filterOf, filterOptions } from "../execution-filter.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import { followExecution, showEvent } from "../follow.ts";
import type { RunCommand } from "../main.ts";
import { inert, type Terminal, table } from "../terminal.ts";
import { bulkCommands } from "./execution-bulks.ts";
import { controlCommands } from "./execution-controls.ts";
import { exportCommand } from "./execution-export.ts";
import { repairCommands } from "./execution-repairs.ts";

/** `magicflow executions`: look at executions and control them. */
export function executionsCommand(program: Command, run: RunCommand): void {
  const executions = program.command("executions").description("look at executions and control them");
  listCommand(executions, run);
  getCommand(executions, run);
  explainCommand(executions, run);
  historyCommand(executions, run);
  logsCommand(executions, run);
  controlCommands(executions, run);
  repairCommands(executions, run);
  bulkCommands(executions, run);
  exportCommand(executions, run);
}

function listCommand(executions: Command, run: RunCommand): void {
  const list = executions.command("list").description("newest first");
  filterOptions(list)
    .option("--limit <n>", "at most this many", "50")
    .action((options: FilterOptions & { limit: string }) =>
      run(async ({ terminal, client }) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CommandFailure(
            EXIT.usage,
            `Expected --limit to be a whole number from 1, but it is "${options.limit}".`,
          );
        const items: ExecutionSummary[] = [];
        for await (const item of client().executions.list({ ...filterOf(options), limit: Math.min(limit, 1000) })) {
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
