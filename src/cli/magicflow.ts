/** The program itself: what `./magicflow` and the package's `bin` start. */

import { main } from "./main.ts";

// Whoever reads has seen enough (`magicflow executions list | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2));
