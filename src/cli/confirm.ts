/** Asks whoever sits at the terminal before something that is not easily taken back. */

import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CommandFailure, EXIT } from "./exit-codes.ts";

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** True only for a clear yes; the end of the input is a no. */
export async function confirm(
  question: string,
  streams: { readonly input: Readable; readonly output: Writable } = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  const reader = createInterface({ ...streams, terminal: streams.input === process.stdin });
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  reader.once("close", () => resolve(false));
  reader.once("SIGINT", () => reject(new CommandFailure(EXIT.interrupted, "")));
  reader.question(`${question} [y/N] `, (answer) => resolve(/^\s*y(es)?\s*$/i.test(answer)));
  return promise.finally(() => reader.close());
}
