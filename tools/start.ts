/** `npm start`: the platform with the demo, on the default ports or those in the arguments (`npm start -- --port 0`). */

import { fileURLToPath } from "node:url";
import { main } from "../src/cli/main.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
process.exitCode = await main(["start", "--demo", ...process.argv.slice(2)]);
