/** The program itself: what `./magicflow` and the package's `bin` start. */

import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2));
