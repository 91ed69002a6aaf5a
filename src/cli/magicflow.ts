/** The program itself: what `./magicflow` and the package's `bin` start. */

import { main } from "./main.ts";

// Whoever reads has seen enough (`magicflow executions list | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const exitCode = await main(process.argv.slice(2));
// Once everything is written, to both: diagnostics may be longer than what a pipe holds. What the functions of `run` have
// left open does not keep the program.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
