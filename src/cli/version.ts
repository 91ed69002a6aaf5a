import { readFileSync } from "node:fs";

/** Of the package that this file is in, found by walking up: from `src/cli` as from `dist/cli`. */
export function versionText(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
