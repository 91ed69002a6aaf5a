import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph, GraphEdge } from "./graph.ts";
import { toGraph } from "./graph.ts";
import { loadWorkflow } from "./load.ts";
import { toMermaid } from "./print/mermaid.ts";

/** The one place that knows how a workflow becomes a graph. */
function graphOf(steps: string, spec = ""): Graph {
  const text = `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: orders, version: 1.2.0 }
spec:${spec === "" ? "" : `\n${indented(spec, 2)}`}
  steps:
${indented(steps, 4)}
`;
  const { definition, diagnostics } = loadWorkflow(text);
  assert.ok(definition !== null, JSON.stringify(diagnostics, null, 2));
  return toGraph(definition);
}

function indented(text: string, columns: number): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => " ".repeat(columns) + line)
    .join("\n");
}

/** An edge in one line: `a -> b success`, with what is special about it. */
function shown({ from, to, kind, written, recovers, when }: GraphEdge): string {
  const notes = [written ? "" : "implicit", recovers === true ? "recovers" : "", when === null ? "" : `when ${when}`];
  return [`${from} -> ${to} ${kind}`, ...notes.filter((note) => note !== "")].join(", ");
}

test("the order of a list gives edges that nobody wrote, and written ones say so", () => {
  const graph = graphOf(`
- { name: a, type: set, variables: { x: 1 } }
- { name: b, type: set, variables: { x: 2 }, on_success: d }
- { name: c, type: set, variables: { x: 3 }, depends_on: [a] }
- { name: d, type: set, variables: { x: 4 }, join: any }
`);
  assert.deepEqual(graph.edges.map(shown).sort(), [
    "a -> b success, implicit",
    "a -> c success",
    "b -> d success",
    "c -> d success, implicit",
  ]);
  assert.deepEqual(
    graph.nodes.map(({ name, entry, join }) => `${name} ${entry} ${join}`),
    ["a true settled", "b false settled", "c false all", "d false any"],
  );
});

test("a failure edge says whether the flow goes on afterwards", () => {
  const graph = graphOf(`
- { name: a, type: set, variables: { x: 1 }, on_failure: rescue }
- { name: b, type: set, variables: { x: 2 }, on_failure: tell }
- { name: rescue, type: set, variables: { x: 3 }, on_success: b }
- { name: tell, type: set, variables: { x: 4 } }
`);
  const failures = graph.edges.filter((edge) => edge.kind === "failure").map(shown);
  assert.deepEqual(failures, ["a -> rescue failure, recovers", "b -> tell failure"]);
  assert.deepEqual(
    graph.nodes.filter((node) => node.side).map((node) => node.name),
    ["rescue", "tell"],
  );
});

test("inline paths, fallbacks and compensations have edges of their own kind", () => {
  const graph = graphOf(`
- name: a
  type: http
  url: https://example.com
  on_failure: { when: error.code == 'TIMEOUT', steps: [{ name: tell, type: emit, event: lost }] }
  compensate: { name: undo, type: set, variables: { x: 1 } }
- name: b
  type: http
  url: https://example.com
  fallback_step: instead
- { name: instead, type: set, variables: { x: 2 } }
- { name: end, type: http, url: https://example.com, fallback: { steps: [{ name: plan-b, type: set, variables: { x: 3 } }] } }
`);
  assert.deepEqual(graph.edges.filter((edge) => edge.kind !== "success").map(shown), [
    "a -> tell failure, when error.code == 'TIMEOUT'",
    "a -> undo compensation",
    "b -> instead fallback",
    "end -> plan-b fallback",
  ]);
});

const NESTED = `
- name: route
  type: switch
  cases:
    - { when: input.kind == "a", steps: [{ name: one, type: set, variables: { x: 1 } }] }
    - { when: input.kind == "b", steps: [{ name: two, type: set, variables: { x: 2 } }] }
  default: [{ name: other, type: set, variables: { x: 3 } }]
- name: both
  type: parallel
  when: input.kind != null
  branches:
    - name: left
      steps:
        - name: each
          type: loop
          iterate_over: $.input.list
          steps: [{ name: inner, type: set, variables: { x: 4 } }]
    - { name: right, steps: [{ name: r, type: set, variables: { x: 5 } }] }
- name: careful
  type: try
  steps: [{ name: risky, type: fail, code: OUCH }]
  catch: [{ codes: [OUCH], steps: [{ name: calm, type: set, variables: { x: 6 } }] }]
`;

test("containers contain their steps, and groups say which list it is and where it stands", () => {
  const graph = graphOf(NESTED);
  assert.deepEqual(
    graph.groups.map(({ id, label, owner, parent, steps }) => [id, label, owner, parent, steps.join(" ")]),
    [
      ["root", "root", null, null, "route both careful"],
      ["route/case", 'input.kind == "a"', "route", "root", "one"],
      ["route/case/2", 'input.kind == "b"', "route", "root", "two"],
      ["route/default", "default", "route", "root", "other"],
      ["both/branch/left", "left", "both", "root", "each"],
      ["each/body", "body", "each", "both/branch/left", "inner"],
      ["both/branch/right", "right", "both", "root", "r"],
      ["careful/try", "try", "careful", "root", "risky"],
      ["careful/catch", "catch OUCH", "careful", "root", "calm"],
    ],
  );
  const contained = graph.edges.filter((edge) => edge.kind === "contains").map(({ from, to }) => `${from} ${to}`);
  assert.deepEqual(contained, [
    "route one",
    "route two",
    "route other",
    "both each",
    "both r",
    "each inner",
    "careful risky",
    "careful calm",
  ]);
  assert.deepEqual(graph.nodes.find((node) => node.name === "both")?.contains, [
    "both/branch/left",
    "both/branch/right",
  ]);
});

test("lists of the workflow itself are groups without an owner", () => {
  const graph = graphOf(
    "- { name: a, type: set, variables: { x: 1 } }",
    "error_handling: { on_failure: { steps: [{ name: tell, type: emit, event: lost }] } }",
  );
  assert.deepEqual(
    graph.groups.map(({ id, owner, steps }) => [id, owner, steps]),
    [
      ["root", null, ["a"]],
      ["root/called/error_handling.on_failure", null, ["tell"]],
    ],
  );
});

test("a graph is plain JSON", () => {
  const graph = graphOf(NESTED);
  assert.deepEqual(JSON.parse(JSON.stringify(graph)), graph);
});

test("Mermaid text draws every step once, boxes for lists, and arrows for edges", () => {
  const text = toMermaid(graphOf(NESTED));
  assert.equal(
    text,
    `flowchart TD
  s0{"route<br/><i>switch</i>"}
  subgraph g1["route: input.kind == #34;a#34;"]
    s1["one<br/><i>set</i>"]
  end
  subgraph g2["route: input.kind == #34;b#34;"]
    s2["two<br/><i>set</i>"]
  end
  subgraph g3["route: default"]
    s3["other<br/><i>set</i>"]
  end
  s4[["both<br/><i>parallel</i><br/>when input.kind != null"]]
  subgraph g4["both: left"]
    s5[["each<br/><i>loop</i>"]]
    subgraph g5["each: body"]
      s6["inner<br/><i>set</i>"]
    end
  end
  subgraph g6["both: right"]
    s7["r<br/><i>set</i>"]
  end
  s8[["careful<br/><i>try</i>"]]
  subgraph g7["careful: try"]
    s9(("risky<br/><i>fail</i>"))
  end
  subgraph g8["careful: catch OUCH"]
    s10["calm<br/><i>set</i>"]
  end
  s0 --> s4
  s4 --> s8
  s0 -->|"input.kind == #34;a#34;"| s1
  s0 -->|"input.kind == #34;b#34;"| s2
  s0 -->|"default"| s3
  s4 -->|"left"| s5
  s5 -->|"body"| s6
  s4 -->|"right"| s7
  s8 -->|"try"| s9
  s8 -->|"catch OUCH"| s10
`,
  );
});
