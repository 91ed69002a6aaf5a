import { expect, test } from "vitest";
import * as Y from "yjs";
import { addStep, removeSteps } from "../../../../src/core/language/edit/steps.ts";
import { DesignerDocument } from "./designer-document.ts";

const TEXT = `# Kept.
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: orders }
spec:
  steps:
    - name: a # kept
      type: wait
      duration: 1s
`;

function opened(): DesignerDocument {
  const document = new DesignerDocument();
  document.begin(TEXT);
  return document;
}

test("an edit of the canvas is taken back to the byte", () => {
  const document = opened();
  expect(document.apply((text) => addStep(text, "emit", { lane: 0, index: null }))).toBe(true);
  expect(document.state.picture?.nodes.map(({ id }) => id)).toEqual(["a", "emit"]);
  document.undo.undo();
  expect(document.state.text).toBe(TEXT);
  expect(document.state.canRedo).toBe(true);
  document.close();
});

test("a text that cannot be drawn leaves the last picture, and a selection of what is gone goes", () => {
  const document = opened();
  document.select(["a"]);
  document.text.insert(document.text.length, "  : [");
  expect(document.state.isBroken).toBe(true);
  expect(document.state.picture?.nodes.length).toBe(1);
  expect(document.state.selection).toEqual(["a"]);
  document.text.delete(document.text.length - 5, 5);
  document.apply((text) => removeSteps(text, ["a"]));
  expect(document.state.selection).toEqual([]);
  document.close();
});

test("two copies that were apart come together, and undo takes back only one's own", () => {
  const here = opened();
  const there = new DesignerDocument();
  Y.applyUpdate(there.doc, Y.encodeStateAsUpdate(here.doc));
  here.apply((text) => addStep(text, "emit", { lane: 0, index: null }));
  there.text.insert(0, "# Theirs.\n");
  Y.applyUpdate(here.doc, Y.encodeStateAsUpdate(there.doc));
  Y.applyUpdate(there.doc, Y.encodeStateAsUpdate(here.doc));
  expect(here.state.text).toBe(there.state.text);
  here.undo.undo();
  expect(here.state.text).toBe(`# Theirs.\n${TEXT}`);
  here.close();
  there.close();
});
