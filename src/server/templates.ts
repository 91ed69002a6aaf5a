/** The workflow templates that come with the package: a folder for each, read when somebody asks first. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TemplateSummary } from "../core/protocol/templates.ts";

/** Beside `src` in a checkout, and beside `dist` in the package. */
const FOLDER = fileURLToPath(new URL("../../templates", import.meta.url));

export function readTemplates(folder: string = FOLDER): readonly TemplateSummary[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
      const about = JSON.parse(read("template.json")) as Omit<TemplateSummary, "id" | "yaml">;
      return { id: name, ...about, yaml: read("workflow.yaml") };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
