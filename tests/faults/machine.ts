/**
 * A machine that can be made bad while the platform runs on it: its disk full, broken or slow, its clock wrong.
 *
 *     with a C compiler     a library between the real program and the system (faulty-machine.c): real SQLite, real errors
 *     without               the platform put together over a store and a clock that do the same (programs/platform.ts)
 *
 * Both are told by one small file that is shared with them, so that the tests are the same.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Folder, openFolder, ROOT } from "../e2e/child.ts";
import { type Platform, startPlatform } from "../e2e/platform.ts";

export interface Faults {
  /** Every fsync of a data file fails with this. */
  readonly syncError: "EIO" | null;
  /** Every write to a data file fails with this. */
  readonly writeError: "EIO" | "ENOSPC" | null;
  /** Every fsync of a data file takes so much longer. */
  readonly delayMs: number;
  /** The wall clock is so far ahead; negative: behind. */
  readonly clockOffsetMs: number;
}

export interface BadMachine extends AsyncDisposable {
  readonly platform: Platform;
  /** How the faults are made, for the report of a test. */
  readonly way: "library" | "injection";
  /** Takes effect at once; what is left out is well. */
  suffer(faults: Partial<Faults>): void;
}

/** As Linux numbers them. */
const ERRNO = { EIO: 5, ENOSPC: 28 } as const;

export const CONTROL_BYTES = 24;

export async function startOnBadMachine(options: { readonly way?: BadMachine["way"] } = {}): Promise<BadMachine> {
  const folder = await openFolder();
  const control = join(folder.path, "control");
  const handle = openSync(control, "w+");
  writeSync(handle, Buffer.alloc(CONTROL_BYTES));
  const library = options.way === "injection" ? null : compile(folder);
  const way = library === null ? "injection" : "library";
  const platform = await startPlatform({
    env: { FAULTS_CONTROL: control, ...(library === null ? {} : { LD_PRELOAD: library }) },
    ...(library === null ? { program: join(import.meta.dirname, "programs/platform.ts") } : {}),
    inDirectory: "FAULTS_DIRECTORY",
  });
  return {
    platform,
    way,
    suffer({ syncError = null, writeError = null, delayMs = 0, clockOffsetMs = 0 }) {
      const bytes = Buffer.alloc(CONTROL_BYTES);
      bytes.writeInt32LE(syncError === null ? 0 : ERRNO[syncError], 0);
      bytes.writeInt32LE(writeError === null ? 0 : ERRNO[writeError], 4);
      bytes.writeInt32LE(delayMs, 8);
      bytes.writeBigInt64LE(BigInt(clockOffsetMs), 16);
      assert.equal(writeSync(handle, bytes, 0, CONTROL_BYTES, 0), CONTROL_BYTES);
    },
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      closeSync(handle);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Null where the machine has no C compiler, or one that cannot do this. */
function compile(folder: Folder): string | null {
  const library = join(folder.path, "faulty-machine.so");
  const source = join(ROOT, "tests/faults/faulty-machine.c");
  const { status } = spawnSync("gcc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], { stdio: "ignore" });
  return status === 0 && existsSync(library) ? library : null;
}
