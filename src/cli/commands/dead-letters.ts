import type { Command } from "commander";
import { Option } from "commander";
import type { LetterMessage, LetterSummary, LettersFilter, ReplayMode } from "../../core/protocol/dead-letters.ts";
import type { Client } from "../../sdk/client.ts";
import { CommandFailure, EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { inert, type Terminal, table } from "../terminal.ts";

interface FilterOptions {
  readonly kind?: "execution" | "message";
  readonly workflow?: string;
  readonly errorCode?: string;
  readonly after?: string;
  readonly before?: string;
  readonly text?: string;
}

interface ManyOptions extends FilterOptions {
  readonly all?: boolean;
}

/** So many are done by one request: often enough to show how it goes. */
const PAGE = 100;

/** `magicflow dead-letters`: what failed for good, to be looked at, tried again or dropped. */
export function deadLettersCommand(program: Command, run: RunCommand): void {
  const letters = program.command("dead-letters").description("what failed for good: look at it, replay it, drop it");
  listCommand(letters, run);
  getCommand(letters, run);
  replayCommand(letters, run);
  dropCommand(letters, run);
}

function filterOptions(command: Command): Command {
  return command
    .addOption(new Option("--kind <kind>", "executions or messages only").choices(["execution", "message"]))
    .option("--workflow <name>")
    .option("--error-code <code>")
    .option("--after <time>", "created at this time or later")
    .option("--before <time>", "created before this time")
    .option("--text <text>", "part of the id, the workflow, the error or the metadata");
}

function filterOf(options: FilterOptions): LettersFilter {
  const { kind, workflow, errorCode, after, before, text } = options;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(errorCode === undefined ? {} : { error_code: errorCode }),
    ...(after === undefined ? {} : { created_after: after }),
    ...(before === undefined ? {} : { created_before: before }),
    ...(text === undefined ? {} : { text }),
  };
}

function listCommand(letters: Command, run: RunCommand): void {
  filterOptions(letters.command("list").description("newest first"))
    .option("--limit <n>", "at most this many", "50")
    .action((options: FilterOptions & { limit: string }) =>
      run(async ({ terminal, client }) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1) {
          throw new CommandFailure(
            EXIT.usage,
            `Expected --limit to be a whole number from 1, but it is "${options.limit}".`,
          );
        }
        const items: LetterSummary[] = [];
        for await (const item of client().deadLetters.list({ ...filterOf(options), limit: Math.min(limit, 1000) })) {
          items.push(item);
          if (items.length >= limit) break;
        }
        if (terminal.isJson) terminal.printJson({ items });
        else if (items.length === 0) terminal.say("There are no such dead letters.");
        else terminal.print(table([["ID", "WORKFLOW", "FAILED", "REPLAYS", "ERROR"], ...items.map(rowOf)]));
        return EXIT.ok;
      }),
    );
}

function rowOf(item: LetterSummary): readonly string[] {
  const about = item.workflow_name === null ? item.kind : `${item.workflow_name} ${item.version ?? ""}`;
  return [item.id, about, item.failed_at, String(item.replays), inert(item.error.code)];
}

function getCommand(letters: Command, run: RunCommand): void {
  letters
    .command("get")
    .description("one of them, with its error and input")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => {
        const letter = await client().deadLetters.get(id);
        if (terminal.isJson) terminal.printJson(letter);
        else terminal.print(describe(letter));
        return EXIT.ok;
      }),
    );
}

function describe(letter: LetterMessage): string {
  const { error, dropped } = letter;
  const facts = [
    [letter.kind, letter.id],
    ...(letter.workflow_name === null ? [] : [["workflow", `${letter.workflow_name} ${letter.version ?? ""}`]]),
    ["failed", letter.failed_at],
    ...(letter.failed_step === null ? [] : [["step", letter.failed_step]]),
    ["error", inert(`${error.code}: ${error.message}`)],
    ["replays", String(letter.replays)],
    ...(dropped === null ? [] : [["dropped", inert(`${dropped.at} by ${dropped.by}`)]]),
  ];
  const data = letter.kind === "execution" ? letter.input : (letter.text ?? letter.body);
  return `${table(facts)}\n${inert(JSON.stringify(data, null, 2))}`;
}

function replayCommand(letters: Command, run: RunCommand): void {
  const command = letters.command("replay").description("try one again, or all that fit").argument("[id]");
  filterOptions(command)
    .option("--all", "without a filter: all of them")
    .addOption(
      new Option("--mode <mode>", "go on where it failed, or begin anew").choices(["retry", "rerun"]).default("retry"),
    )
    .action((id: string | undefined, options: ManyOptions & { mode: ReplayMode }) =>
      run(async ({ terminal, client: open }) => {
        const client = open();
        const { mode } = options;
        if (id === undefined) return await replayMany(terminal, client, checkedFilter(options), mode);
        const replayed = await client.deadLetters.replay(id, { mode });
        if (terminal.isJson) terminal.printJson(replayed);
        else terminal.print(replayed.execution_id ?? replayed.id);
        return EXIT.ok;
      }),
    );
}

async function replayMany(
  terminal: Terminal,
  client: Client,
  filter: LettersFilter,
  mode: ReplayMode,
): Promise<number> {
  const refused: (readonly string[])[] = [];
  let done = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Client["deadLetters"]["replayMany"]>> = await client.deadLetters.replayMany({
      filter,
      mode,
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id, error } of page.items) {
      if (error === null) done += 1;
      else refused.push([id, inert(error.code), inert(error.message)]);
    }
    cursor = page.next_cursor;
    terminal.progress(`${done} replayed, ${refused.length} refused`);
  } while (cursor !== null);
  return showEnd(terminal, "replayed", done, refused);
}

function dropCommand(letters: Command, run: RunCommand): void {
  const command = letters.command("drop").description("take one off the list, or all that fit").argument("[id]");
  filterOptions(command)
    .option("--all", "without a filter: all of them")
    .action((id: string | undefined, options: ManyOptions) =>
      run(async ({ terminal, client: open }) => {
        const client = open();
        if (id === undefined) return await dropMany(terminal, client, checkedFilter(options));
        await client.deadLetters.drop(id);
        if (terminal.isJson) terminal.printJson({ id, dropped: true });
        else terminal.say(`${id} is dropped`);
        return EXIT.ok;
      }),
    );
}

async function dropMany(terminal: Terminal, client: Client, filter: LettersFilter): Promise<number> {
  const refused: (readonly string[])[] = [];
  let done = 0;
  for await (const { id } of client.deadLetters.list({ ...filter, limit: PAGE })) {
    try {
      await client.deadLetters.drop(id);
      done += 1;
    } catch (error) {
      // Somebody else may have replayed or dropped it since it was listed.
      if (!isGone(error)) throw error;
      refused.push([id, "DEAD_LETTER_NOT_FOUND", "It is not on the list any more."]);
    }
    terminal.progress(`${done} dropped`);
  }
  return showEnd(terminal, "dropped", done, refused);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "DEAD_LETTER_NOT_FOUND";
}

function showEnd(terminal: Terminal, what: string, done: number, refused: readonly (readonly string[])[]): number {
  if (terminal.isJson) {
    const items = refused.map(([id, code, message]) => ({ id, code, message }));
    terminal.printJson({ [what]: done, refused: items });
  } else {
    if (refused.length > 0) terminal.print(table([["ID", "CODE", "REASON"], ...refused]));
    terminal.say(`${done} ${what}, ${refused.length} refused`);
  }
  return refused.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Nothing at all would be everything, which has to be said. */
function checkedFilter(options: ManyOptions): LettersFilter {
  const filter = filterOf(options);
  if (options.all === true || Object.keys(filter).length > 0) return filter;
  throw new CommandFailure(
    EXIT.usage,
    "Expected an id, a filter such as --workflow, or --all, but there is none of them.",
  );
}
