/**
 * What `magicflow fmt` prints: a text in the one canonical form, with all its comments.
 *
 *     text ──readTrees──► tree ──normalise──► canonical tree ──order──► write
 *       └──comments, tied to places──────────────────────────────────────┘
 *
 * The canonical tree is the one that everything else reads, so a formatted text means what the text meant; that is read
 * back before it is given out. Anchors, aliases and merge keys are written out, tags and directives are left out.
 */

import { assert } from "../../base/bug.ts";
import { equals } from "../../base/json.ts";
import { describeNode } from "../check/kinds.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { MapNode, Node } from "../parse/node.ts";
import { toJson } from "../parse/node.ts";
import { normalise } from "../parse/normalise.ts";
import { readTrees } from "../parse/read.ts";
import { createReport } from "../report.ts";
import type { Remarks } from "./comments.ts";
import { attachComments, readRemarks, settleComments } from "./comments.ts";
import { orderFields } from "./order.ts";
import { writeTree } from "./write.ts";

export type Formatted = { readonly text: string } | { readonly diagnostics: readonly Diagnostic[] };

/** The diagnostics are those of a text that cannot be read; what is merely wrong in it is formatted as well. */
export function formatDocument(text: string): Formatted {
  const { documents, diagnostics } = readCanonical(text);
  if (diagnostics.some(({ severity }) => severity === "error")) return { diagnostics };
  if (documents.length === 0) return { text };

  const remarks = readRemarks(text);
  const texts = documents.map(({ written, canonical }, index) => {
    const comments = commentsOf(
      remarks,
      documents.map((document) => document.written),
      index,
    );
    const { notes, anchors } = attachComments(written, comments);
    const ordered = orderFields(canonical);
    settleComments(notes, anchors, ordered);
    return writeTree(ordered, notes);
  });
  const formatted = texts.join("---\n");
  assert(meansTheSame(formatted, documents), "a formatted text to mean what the text meant");
  return { text: formatted };
}

interface Document {
  readonly written: MapNode;
  readonly canonical: MapNode;
}

function readCanonical(text: string): { documents: readonly Document[]; diagnostics: readonly Diagnostic[] } {
  const general = createReport();
  const diagnostics: Diagnostic[] = [];
  const documents = readTrees(null, text, general).flatMap(({ node, report }): Document[] => {
    if (node.kind !== "map") general.add("document-not-object", { met: describeNode(node) }, node.place);
    const read = node.kind === "map" ? [{ written: node, canonical: normalise(node, report) }] : [];
    diagnostics.push(...report.diagnostics);
    return read;
  });
  return { documents, diagnostics: [...general.diagnostics, ...diagnostics] };
}

/** Comments between two documents belong to the first one until the line that ends it. */
function commentsOf(remarks: Remarks, trees: readonly Node[], index: number): Remarks["comments"] {
  const borderAfter = (tree: Node | undefined) =>
    tree === undefined ? 0 : (remarks.borders.find((border) => border >= tree.place.end) ?? tree.place.end);
  const start = borderAfter(trees[index - 1]);
  const end = index === trees.length - 1 ? Number.POSITIVE_INFINITY : borderAfter(trees[index]);
  return remarks.comments.filter(({ offset }) => offset >= start && offset < end);
}

function meansTheSame(text: string, documents: readonly Document[]): boolean {
  const again = readCanonical(text);
  return equals(
    again.documents.map(({ canonical }) => toJson(canonical)),
    documents.map(({ canonical }) => toJson(canonical)),
  );
}
