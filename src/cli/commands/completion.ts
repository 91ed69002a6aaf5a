import { Argument, type Command } from "commander";
import type { Place } from "../completion/outline.ts";
import { EXIT } from "../exit-codes.ts";
import type { RunCommand } from "../main.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** `magicflow completion`: a script for the shell, made from the commands as they are. */
export function completionCommand(program: Command, run: RunCommand): void {
  program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(magicflow completion bash)\n  source <(magicflow completion zsh)\n  magicflow completion fish > ~/.config/fish/completions/magicflow.fish",
    )
    .action((shell: (typeof SHELLS)[number]) =>
      run(async ({ terminal }) => {
        const { outlineOf } = await import("../completion/outline.ts");
        const places = outlineOf(program);
        const script = await scriptFor(shell, places);
        if (terminal.isJson) terminal.printJson({ shell, script });
        else terminal.print(script.trimEnd());
        return EXIT.ok;
      }),
    );
}

async function scriptFor(shell: (typeof SHELLS)[number], places: readonly Place[]): Promise<string> {
  switch (shell) {
    case "bash":
      return (await import("../completion/bash.ts")).bashScript(places);
    case "zsh":
      return (await import("../completion/zsh.ts")).zshScript(places);
    case "fish":
      return (await import("../completion/fish.ts")).fishScript(places);
  }
}
