import type { Command } from "commander";
import { progressOf, showEnd } from "../bulk.ts";
import { EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { table } from "../terminal.ts";

const SHOWN = 50;

/** `magicflow executions bulk`: looks at operations on many executions, and stops them. */
export function bulkCommands(executions: Command, run: RunCommand): void {
  const bulk = executions.command("bulk").description("operations on many executions: how far they are");
  bulk
    .command("list")
    .description("newest first")
    .action(() =>
      run(async ({ terminal, client }) => {
        const items = [];
        for await (const item of client().executions.bulk.list()) {
          items.push(item);
          if (items.length >= SHOWN) break;
        }
        if (terminal.isJson) terminal.printJson({ items });
        else if (items.length === 0) terminal.say("There are none.");
        else {
          const rows = items.map((item) => [
            item.id,
            item.operation,
            item.status,
            `${item.done + item.failed} of ${item.matched}`,
            String(item.failed),
            item.created_at,
          ]);
          terminal.print(table([["ID", "OPERATION", "STATUS", "DONE", "FAILED", "BEGUN"], ...rows]));
        }
        return EXIT.ok;
      }),
    );
  bulk
    .command("get")
    .description("one of them, with its errors")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => {
        const seen = await client().executions.bulk.get(id);
        if (terminal.isJson) terminal.printJson(seen);
        else if (seen.finished_at === null) terminal.print(progressOf(seen));
        else showEnd(terminal, seen);
        return EXIT.ok;
      }),
    );
  bulk
    .command("cancel")
    .description("stop it; what it has done stays done")
    .argument("<id>")
    .action((id: string) =>
      run(async ({ terminal, client }) => {
        const seen = await client().executions.bulk.cancel(id);
        if (terminal.isJson) terminal.printJson(seen);
        else showEnd(terminal, seen);
        return EXIT.ok;
      }),
    );
}
