/** Steps in short, for cases that need many of them. */

export const ok = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: ok${more} }`;
export const echo = (name: string, input: string): string =>
  `{ name: ${name}, executor: me, function: echo, input: ${input} }`;
export const hold = (name: string, more = ""): string => `{ name: ${name}, executor: me, function: hold${more} }`;

/** Steps in short: `a`, `a!` fails with A (its name in capitals), `a?` is held; `a { more fields }`. */
export function steps(...lines: readonly string[]): string {
  return lines
    .map((line) => {
      const [, name = "", mark = "", more = ""] = /^([\w-]+)([!?]?)\s*(.*)$/.exec(line) ?? [];
      const what = mark === "!" ? `fail_${name.toUpperCase()}` : mark === "?" ? "hold" : "ok";
      return `- { name: ${name}, executor: me, function: ${what}${more === "" ? "" : `, ${more}`} }`;
    })
    .join("\n");
}

/** The fields of a function step called `a`. */
export const call = (fields: string): string => `- { name: a, executor: me, function: ok, ${fields} }`;

/** The fields of any step called `a`. */
export const step = (fields: string): string => `- { name: a, ${fields} }`;

/** A whole document, from the fields of its `metadata` and `spec`. */
export const doc = (metadata: string, spec = "steps: [ { name: a, executor: me, function: ok } ]"): string =>
  `apiVersion: workflow.magic-flow.io/v2\nkind: Workflow\nmetadata: { ${metadata} }\nspec: { ${spec} }\n`;

export const context = (metadata: string, spec: string): string =>
  `---\napiVersion: workflow.magic-flow.io/v2\nkind: WorkflowContext\nmetadata: { ${metadata} }\nspec: { ${spec} }\n`;

/** A step whose input is what is asked, so that its output shows it. */
export const shown = (mapping: string): string => `
  - name: show
    executor: me
    function: echo
    input:
${mapping
  .replace(/^\s*\n/, "")
  .trimEnd()
  .replace(/^ */gm, (margin) => `      ${margin}`)}
`;
