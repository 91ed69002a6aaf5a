import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Picture, pictureOf } from "../../../src/core/language/picture.ts";
import { absolutePlace, inLane, laneAt } from "./canvas-places.ts";
import { type Box, layoutOf } from "./layout.ts";
import { toSvg } from "./svg.ts";

const samples = join(import.meta.dirname, "../../../src/core/language/samples");

function picture(text: string): Picture {
  const found = pictureOf(text);
  if (found === null) throw new Error("Expected a text that can be drawn.");
  return found;
}

function chain(count: number): string {
  const steps = Array.from({ length: count }, (_, i) => `    - { name: s${i}, type: wait, duration: 1s }`);
  return `kind: Workflow\nmetadata: { name: chain }\nspec:\n  steps:\n${steps.join("\n")}\n`;
}

test("no two steps of a list stand on one another, and each stands in its lane", () => {
  const drawn = picture(readFileSync(join(samples, "everything/input.yaml"), "utf8"));
  const { nodes, lanes } = layoutOf(drawn);
  const box = (id: string): Box => nodes[id] ?? { x: 0, y: 0, width: 0, height: 0 };
  for (const lane of drawn.lanes) {
    const boxes = lane.steps.map(box);
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
      const around = lanes[lane.index];
      if (around === undefined) return;
      expect(a.x >= around.x && a.y >= around.y).toBe(true);
      expect(a.x + a.width <= around.x + around.width && a.y + a.height <= around.y + around.height).toBe(true);
    });
  }
});

test("a step follows the one that leads to it, from left to right", () => {
  const { nodes } = layoutOf(picture(chain(5)));
  const lefts = [0, 1, 2, 3, 4].map((i) => nodes[`s${i}`]?.x ?? -1);
  expect(lefts).toEqual(lefts.toSorted((a, b) => a - b));
});

test("a place that somebody chose is kept", () => {
  const { nodes } = layoutOf(picture(chain(2)), { s1: { x: 40, y: 900 } });
  expect(nodes["s1"]).toMatchObject({ x: 40, y: 900 });
});

test("an exported drawing holds what people wrote as text", () => {
  const hostile = chain(2).replace("name: chain", 'name: "<script>&\\"x"');
  const { text } = toSvg(picture(hostile));
  expect(text).toContain("<title>&lt;script&gt;&amp;&quot;x</title>");
  expect(text).not.toContain("<script");
});

test("the lane at a point is the innermost one", () => {
  const drawn = picture(`kind: Workflow
metadata: { name: nested }
spec:
  steps:
    - name: outer
      type: loop
      times: 3
      steps:
        - { name: inner, type: wait, duration: 1s }
`);
  const layout = layoutOf(drawn);
  const at = absolutePlace("inner", layout, drawn) ?? { x: 0, y: 0 };
  expect(laneAt(at, layout, drawn)).toBe(1);
  expect(laneAt(at, layout, drawn, new Set(["outer"]))).toBe(0);
  expect(inLane(at, 1, layout, drawn)).toEqual({ x: 0, y: 0 });
});
