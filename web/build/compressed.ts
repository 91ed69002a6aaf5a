/**
 * Writes every file of the build a second and third time, compressed as well as it can be. The platform sends these as they
 * are: nothing is compressed while somebody waits.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Below this a header costs more than is saved. */
const BYTES_MIN = 1024;

export function compressed(): Plugin {
  let outDir = "dist";
  return {
    name: "magicflow:compressed",
    apply: "build",
    configResolved: (config) => {
      outDir = join(config.root, config.build.outDir);
    },
    closeBundle: () => {
      for (const path of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(?:js|css|svg|html)$/.test(path)) continue;
        const file = join(outDir, path);
        const bytes = readFileSync(file);
        if (bytes.length < BYTES_MIN || path.endsWith(".html")) continue;
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
      }
    },
  };
}
