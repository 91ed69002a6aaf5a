/**
 * How the pages are built: into `web/dist`, which the platform serves on both of its ports.
 *
 *     npm run build --workspace web
 *     MAGICFLOW_URL=http://127.0.0.1:8080 npm run dev --workspace web     with modules replaced while one works on them
 */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./build/compressed.ts";

const platform = process.env["MAGICFLOW_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // Nothing is put into the page itself: its policy allows no text that is code or style.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: platform, ws: true }, "/metrics": platform, "/health": platform },
  },
});
