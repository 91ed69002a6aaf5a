/**
 * The architecture as a table that each run of the tests executes. ARCHITECTURE.md explains it; where the two disagree,
 * this file is right.
 *
 * Layers are folders. Types count for the layers as values do: to know a type is to depend on it. For cycles between files
 * only values count, because what remains at run time is what can be met half-initialised.
 */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { PAGES } from "../src/core/protocol/pages.ts";

/** Which layer may know which others; each knows itself. A layer is a folder of `src`, a folder of `src/core`, or a file of `src`. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  "core/base": [],
  "core/language": ["core/base"],
  "core/engine": ["core/base", "core/language"],
  "core/shared": ["core/base", "core/language", "core/engine"],
  "core/protocol": ["core/base", "core/language", "core/engine", "core/shared"],
  "core/codegen": ["core/base", "core/language", "core/engine", "core/protocol"],
  "core/migrate": ["core/base", "core/language"],
  ports: ["core"],
  adapters: ["core", "ports"],
  host: ["core", "ports"],
  server: ["core", "ports", "host"],
  sdk: ["core/base", "core/protocol"],
  config: ["core"],
  assemble: ["core", "ports", "adapters", "host", "server", "config"],
  cli: ["core", "sdk", "server", "assemble", "config"],
};

/** Packages that compute and do nothing else. Whatever core imports, the browser and the simulation must run. */
const PURE_PACKAGES: readonly string[] = ["yaml", "re2js", "@noble/hashes", "typebox", "liquidjs"];

/** Core is a function of its arguments: no clock, no dice, nothing to wait for, no machine below it. */
const IMPURE =
  /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\s*\())|\bMath\.random\b|\basync\b(?!\s*:)|\bawait\b|\bPromise\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b|\bperformance\b|\bprocess\.|\bconsole\b|\bfetch\(|\bcrypto\./;

/** Nothing of ours turns text into code: what users write is interpreted, or runs in a sandbox of its own. */
const CODE_FROM_TEXT = /(?<![.\w])eval\s*\(|(?<!\w)Function\s*\(/;

/** Imports and re-exports, and those that wait for their file to be needed. */
const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^;"'`]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

/** What is no code, in one expression: comments, strings, and regular expressions where a value can begin. */
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?=\/)(?<=(?:[(,=:[!&|?{};+]|=>|\breturn)\s*)\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/|[`{}]/y;

interface SourceFile {
  /** From `src`: `core/base/json.ts`. */
  readonly path: string;
  readonly layer: string;
  /** Without comments, and with the text of strings taken out; what a template evaluates stays. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** A path from `src` for our own files, else the name as it is written. */
  readonly to: string;
  readonly isOurs: boolean;
  readonly isTypeOnly: boolean;
}

const root = join(import.meta.dirname, "..");
const src = join(root, "src");

const files = globSync("**/*.ts", { cwd: src })
  .filter((path) => !/\.(?:test|contract)\.ts$/.test(path) && !path.includes("/samples/"))
  .map((path) => readSource(path, src))
  .sort((a, b) => (a.path < b.path ? -1 : 1));

test("every file belongs to a layer", () => {
  const homeless = files.filter(({ layer }) => !Object.hasOwn(MAY_KNOW, layer));
  assert.deepEqual(
    homeless.map(({ path }) => path),
    [],
  );
});

for (const layer of Object.keys(MAY_KNOW)) {
  test(`${layer} knows only what lies below it`, () => {
    const wrong = files
      .filter((file) => file.layer === layer)
      .flatMap(({ path, imports }) =>
        imports.filter(({ to, isOurs }) => isOurs && !mayKnow(layer, layerOf(to))).map(({ to }) => `${path} -> ${to}`),
      );
    assert.deepEqual(wrong, []);
  });
}

test("core is pure", () => {
  const impure = core().flatMap(({ path, code }) => linesThatMatch(path, code, IMPURE));
  assert.deepEqual(impure, []);
});

test("core imports nothing but itself and packages that only compute", () => {
  const isPure = (name: string) => PURE_PACKAGES.some((pure) => name === pure || name.startsWith(`${pure}/`));
  const wrong = core().flatMap(({ path, imports }) =>
    imports.filter(({ to, isOurs }) => !isOurs && !isPure(to)).map(({ to }) => `${path} -> ${to}`),
  );
  assert.deepEqual(wrong, []);
});

test("no text becomes code, in the product and in what is around it", () => {
  const others = globSync("{bench,tools,examples}/**/*.ts", { cwd: root, exclude: ["**/node_modules/**"] });
  const around = others.map((path) => readSource(path, root));
  const wrong = [...files, ...around].flatMap(({ path, code, imports }) => [
    ...linesThatMatch(path, code, CODE_FROM_TEXT),
    ...imports.filter(({ to }) => /^(?:node:)?vm$/.test(to)).map(({ to }) => `${path} -> ${to}`),
  ]);
  assert.deepEqual(wrong, []);
});

test("a path that is imported ends in .ts and exists", () => {
  const known = new Set(globSync("**/*.ts", { cwd: src }));
  const lost = files.flatMap(({ path, imports }) =>
    imports.filter(({ to, isOurs }) => isOurs && !known.has(to)).map(({ to }) => `${path} -> ${to}`),
  );
  assert.deepEqual(lost, []);
});

test("the pages know nothing of the platform but core, and every address of a page has its page", () => {
  const web = join(root, "web/src");
  const sources = globSync("**/*.{ts,tsx}", { cwd: web }).map(
    (path) => [path, readFileSync(join(web, path), "utf8")] as const,
  );
  const wrong = sources.flatMap(([path, text]) =>
    [...text.matchAll(/from "((?:\.\.\/)+src\/[^"]+)"/g)]
      .map(([, to = ""]) => to)
      .filter((to) => !to.includes("/src/core/"))
      .map((to) => `${path} -> ${to}`),
  );
  assert.deepEqual(wrong, []);
  const router = readFileSync(join(web, "app/router.tsx"), "utf8");
  const shown = new Set(
    [...router.matchAll(/path: "(\/[^"]*)"/g)].map(([, path = ""]) => path.replaceAll(/\$\w+/g, "{}")),
  );
  assert.deepEqual([...shown].sort(), [...addresses()].sort());
});

function addresses(): ReadonlySet<string> {
  return new Set(Object.values(PAGES).map((path) => path.replaceAll(/\{\w+\}/g, "{}")));
}

test("files do not import one another in a circle", () => {
  assert.deepEqual(circles(), []);
});

test("the reader of sources sees code and not the text around it", () => {
  const code = codeOf(
    "a(\"eval('x')\"); // await\n/* Promise */ b(`async $" + "{await.c(`x`)} fetch(`, /[/]await/.e, f / g);",
    '""',
  );
  assert.equal(code, 'a(""); \n b(`$' + "{await.c(``)}`, /./.e, f / g);");
});

function mayKnow(layer: string, other: string): boolean {
  if (layer === other) return true;
  return (MAY_KNOW[layer] ?? []).some((allowed) => other === allowed || other.startsWith(`${allowed}/`));
}

function layerOf(path: string): string {
  const [first = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  return first === "core" ? `core/${second}` : first;
}

function core(): readonly SourceFile[] {
  return files.filter(({ layer }) => layer.startsWith("core/"));
}

function linesThatMatch(path: string, code: string, pattern: RegExp): readonly string[] {
  return code
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
}

/** Each circle once, as the path from its first file back to it. */
function circles(): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start !== -1) found.push([...way.slice(start), path].join(" -> "));
    if (start !== -1 || done.has(path)) return;
    for (const { to, isOurs, isTypeOnly } of byPath.get(path)?.imports ?? []) {
      if (isOurs && !isTypeOnly) walk(to, [...way, path]);
    }
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return found;
}

function readSource(path: string, folder: string): SourceFile {
  const source = readFileSync(join(folder, path), "utf8");
  return { path, layer: layerOf(path), code: codeOf(source, '""'), imports: importsOf(path, codeOf(source, null)) };
}

function importsOf(path: string, code: string): readonly Import[] {
  return [...code.matchAll(IMPORT)].map(([, type, named, dynamic]) => {
    const specifier = named ?? dynamic ?? "";
    const isOurs = specifier.startsWith(".");
    const to = isOurs ? normalize(join(dirname(path), specifier)) : specifier;
    return { to, isOurs, isTypeOnly: type !== undefined };
  });
}

/** Comments and the text of templates go, strings become `string` if it is given. Templates nest, so they are followed by hand. */
function codeOf(source: string, string: string | null): string {
  let code = "";
  /** What each open brace ends: code, or the evaluated part of a template. */
  const braces: ("code" | "template")[] = [];
  let at = 0;
  const skipTemplateText = () => {
    while (at < source.length) {
      if (source.startsWith("${", at)) {
        code += "${";
        braces.push("template");
        at += 2;
        return;
      }
      if (source[at] === "`") {
        code += "`";
        at++;
        return;
      }
      if (source[at] === "\n") code += "\n";
      at += source[at] === "\\" ? 2 : 1;
    }
  };
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(source) ?? [];
    if (token === undefined) code += source[at++];
    else {
      at += token.length;
      code += replacement(token, string);
      if (token === "{") braces.push("code");
      if (token === "`" || (token === "}" && braces.pop() === "template")) skipTemplateText();
    }
  }
  return code;
}

function replacement(token: string, string: string | null): string {
  if (token === "`" || token === "{" || token === "}") return token;
  if (token.startsWith("//")) return "";
  if (token.startsWith("/*")) return token.replaceAll(/[^\n]/g, "");
  if (token.startsWith("/")) return "/./";
  return string ?? token;
}
