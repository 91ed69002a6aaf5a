import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Argument, Command, Option } from "commander";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { outlineOf } from "./outline.ts";
import { zshScript } from "./zsh.ts";

const program = new Command("magicflow")
  .version("1.0.0")
  .option("--server <url>", "it's where")
  .option("--json", "JSON");
program
  .command("start")
  .description("start it")
  .option("-c, --config <file>", "configuration")
  .option("-p, --port <n>");
program.command("apply").description("register").requiredOption("-f, --file <paths...>", "files");
program
  .command("show")
  .description("one of two")
  .addArgument(new Argument("<which>").choices(["left", "right"]))
  .addOption(new Option("--level <level>", "how much").choices(["low", "high"]));
const executions = program.command("executions").description("look");
executions.command("list").description("newest first");
executions.command("logs").description("in words").argument("<id>");

const places = outlineOf(program);
const folder = mkdtempSync(join(tmpdir(), "completion-"));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "magicflow.bash"), bashScript(places));
writeFileSync(join(folder, "a file.yaml"), "");

/** What a real bash offers for the last of the words. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `
    source magicflow.bash
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _magicflow
    ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"
    exit 0`;
  const output = execFileSync("bash", ["--norc", "-c", script, "bash", "magicflow", ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  return output === "" ? [] : output.trimEnd().split("\n");
}

test("every command is a place, with its own options and those of the program", () => {
  assert.deepEqual(
    places.map(({ path }) => path),
    [
      "magicflow",
      "magicflow start",
      "magicflow apply",
      "magicflow show",
      "magicflow executions",
      "magicflow executions list",
      "magicflow executions logs",
    ],
  );
  assert.deepEqual(
    places[1]?.options.map(({ names, value }) => [...names, value.kind]),
    [
      ["-c", "--config", "file"],
      ["-p", "--port", "text"],
      ["-h", "--help", "none"],
      ["--server", "text"],
      ["--json", "none"],
    ],
  );
});

test("bash offers commands, and those below them", () => {
  assert.deepEqual(offered(""), ["start", "apply", "show", "executions"]);
  assert.deepEqual(offered("s"), ["start", "show"]);
  assert.deepEqual(offered("executions", "l"), ["list", "logs"]);
  assert.deepEqual(offered("--server", "start", "executions", "li"), ["list"], "A value is no command.");
  assert.deepEqual(offered("executions", "list", ""), []);
});

test("bash offers options, of the place and of the program", () => {
  assert.deepEqual(offered("start", "--"), ["--config", "--port", "--help", "--server", "--json"]);
  assert.deepEqual(offered("executions", "list", "-"), ["-h", "--help", "--server", "--json"]);
  assert.deepEqual(offered("start", "--port", ""), []);
});

test("bash offers choices, and files where files are meant", () => {
  assert.deepEqual(offered("show", ""), ["left", "right"]);
  assert.deepEqual(offered("show", "--level", "h"), ["high"]);
  assert.deepEqual(offered("show", "--level", "=", "l"), ["low"]);
  assert.deepEqual(offered("start", "--config", "a"), ["a file.yaml"]);
  assert.deepEqual(offered("apply", "-f", "x.yaml", "a"), ["a file.yaml"]);
  assert.deepEqual(offered("executions", "logs", "a"), []);
});

test("a real bash knows both names of the program", () => {
  const output = execFileSync("bash", ["--norc", "-c", "source magicflow.bash; complete -p magicflow magic-flow"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(output, "complete -F _magicflow magicflow\ncomplete -F _magicflow magic-flow\n");
});

test("zsh gets every word with what it is for", () => {
  const script = zshScript(places);
  assert.match(script, /^#compdef magicflow magic-flow\n/);
  assert.ok(script.includes("'magicflow executions') verbs=('list:newest first' 'logs:in words')"), script);
  assert.ok(script.includes(String.raw`'--server:it'\''s where'`), script);
  assert.ok(script.includes("'magicflow start -c'|'magicflow start --config') _files; return ;;"), script);
});

test("fish gets a line for every word and option", () => {
  const lines = fishScript(places).split("\n");
  const at = (path: string) => String.raw`complete -c magicflow -n '__magicflow_at \'${path}\''`;
  for (const line of [
    `${at("magicflow executions")} -a 'list' -d 'newest first'`,
    `${at("magicflow start")} -s c -l config -r -F -d 'configuration'`,
    String.raw`${at("magicflow start")} -l server -x -d 'it\'s where'`,
    `${at("magicflow show")} -l level -x -a 'low high' -d 'how much'`,
    `${at("magicflow apply")} -F`,
    "complete -c magic-flow -w magicflow",
  ]) {
    assert.ok(lines.includes(line), line);
  }
});
