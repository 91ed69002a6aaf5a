/**
 * The built pages as files: `index.html` and what it loads. Names under `assets/` carry the hash of their content, so a browser
 * keeps them for ever.
 *
 * Where nothing has been built (a checkout whose `web/dist` is missing) there is no page, and `readPage` says so.
 */

import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export interface WebFiles {
  /** The document with `nonce` put in where styles made by scripts need one; null: the pages have not been built. */
  readPage(nonce: string): Promise<string | null>;
  /** Compressed as the caller likes it best; null: there is no such file. */
  readAsset(file: string, acceptEncoding: string): Promise<Asset | null>;
}

export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly encoding: "br" | "gzip" | null;
  /** Whether its name changes with its content. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

const NONCE = "__NONCE__";

/** No slash, and no dot that another one follows: a name, never a path. */
const NAME = /^[\w-]+(?:\.[\w-]+)+$/;

export function openWebFiles(folder: string): WebFiles {
  return {
    async readPage(nonce) {
      const bytes = await readIfThere(join(folder, "index.html"));
      return bytes === null ? null : bytes.toString("utf8").replaceAll(NONCE, nonce);
    },

    async readAsset(file, acceptEncoding) {
      const type = TYPES[extname(file)];
      if (type === undefined || !NAME.test(file)) return null;
      const isHashed = /-[\w-]{8}\.\w+$/.test(file);
      for (const { encoding, suffix } of ENCODINGS) {
        if (!new RegExp(`\\b${encoding}\\b`).test(acceptEncoding)) continue;
        const bytes = await readIfThere(join(folder, "assets", file + suffix));
        if (bytes !== null) return { type, bytes, encoding, isHashed };
      }
      const bytes = await readIfThere(join(folder, "assets", file));
      return bytes === null ? null : { type, bytes, encoding: null, isHashed };
    },
  };
}

/** The smaller first. */
const ENCODINGS = [
  { encoding: "br", suffix: ".br" },
  { encoding: "gzip", suffix: ".gz" },
] as const;

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
