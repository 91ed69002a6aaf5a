import type { Command } from "commander";
import { Option } from "commander";
import type { BreakerMessage } from "../../core/protocol/breakers.ts";
import { EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";
import { inert, type Terminal, table } from "../terminal.ts";

/** `magicflow circuit-breakers`: what is not called at the moment because it kept failing. */
export function circuitBreakersCommand(program: Command, run: RunCommand): void {
  const breakers = program
    .command("circuit-breakers")
    .description("what is not called because it kept failing: look at it, call it again");
  breakers
    .command("list")
    .description("by target")
    .addOption(new Option("--state <state>", "only those that are so").choices(["closed", "open", "half_open"]))
    .action((options: { state?: BreakerMessage["state"] }) =>
      run(async ({ terminal, client }) => {
        const items: BreakerMessage[] = [];
        for await (const item of client().circuitBreakers.list(options)) items.push(item);
        if (terminal.isJson) terminal.printJson({ items });
        else if (items.length === 0) terminal.say("There are no such circuit breakers.");
        else terminal.print(table([["TARGET", "STATE", "SINCE", "UNTIL", "FAILURES", "WAITING"], ...items.map(rowOf)]));
        return EXIT.ok;
      }),
    );
  breakers
    .command("get")
    .description("one of them, with its settings, who waits for it, and how it came to be so")
    .argument("<target>", "such as shop/charge, service/billing or https://api.example.com")
    .action((target: string) =>
      run(async ({ terminal, client }) => show(terminal, await client().circuitBreakers.get(target))),
    );
  breakers
    .command("reset")
    .description("close it: calls are made again, and whoever waits goes on")
    .argument("<target>", "such as shop/charge, service/billing or https://api.example.com")
    .action((target: string) =>
      run(async ({ terminal, client }) => {
        const breaker = await client().circuitBreakers.reset(target);
        if (terminal.isJson) terminal.printJson(breaker);
        else terminal.say(`${inert(breaker.target)} is ${breaker.state}`);
        return EXIT.ok;
      }),
    );
}

function rowOf(item: BreakerMessage): readonly string[] {
  const { target, state, since, until, failures, waiting } = item;
  return [inert(target), state, since ?? "-", until ?? "-", String(failures), String(waiting)];
}

function show(terminal: Terminal, breaker: BreakerMessage): number {
  if (terminal.isJson) {
    terminal.printJson(breaker);
    return EXIT.ok;
  }
  const { settings, declared_by: by, half_open: half, window } = breaker;
  const rate = settings?.failure_rate_threshold ?? null;
  const facts: (readonly [string, string])[] = [
    ["target", inert(breaker.target)],
    ["state", breaker.state],
    ["since", breaker.since ?? "ever"],
    ...(breaker.until === null ? [] : [["until", breaker.until] as const]),
    ["failures in a row", String(breaker.failures)],
    ...(rate === null ? [] : [[`calls in ${window.seconds} s`, `${window.calls}, ${window.failures} failed`] as const]),
    ...(half === null ? [] : [["calls out to see", `${half.calls_out} of ${half.calls_max}`] as const]),
    ["waiting", String(breaker.waiting)],
    ...(settings === null
      ? []
      : [
          [
            "opens at",
            `${settings.failure_threshold} in a row${rate === null ? "" : `, or a share of ${rate}`}`,
          ] as const,
          ["tries again after", `${settings.recovery_timeout} s`] as const,
        ]),
    ...(by === null ? [] : [["declared by", `${by.workflow} ${by.version}, step ${by.step}`] as const]),
  ];
  terminal.print(table(facts));
  const changes = breaker.transitions.map(({ at, from, to, reason }) => [at, `${from} -> ${to}`, inert(reason)]);
  if (changes.length > 0) terminal.print(table([["AT", "CHANGE", "BECAUSE"], ...changes]));
  for (const { execution_id: id, path, since } of breaker.line) {
    terminal.say(`${inert(id)} waits at ${inert(path)} since ${since}`);
  }
  return EXIT.ok;
}
