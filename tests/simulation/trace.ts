/** What happened, line by line. Two runs of one seed write the same lines, which their fingerprints show. */

import { createHash } from "node:crypto";

export interface Trace {
  note(passed: number, who: string, what: string): void;
  readonly lines: readonly string[];
  fingerprint(): string;
}

export function createTrace(): Trace {
  const lines: string[] = [];
  return {
    lines,
    note(passed, who, what) {
      lines.push(`${(passed / 1000).toFixed(3).padStart(9)}  ${who.padEnd(12)} ${what}`);
    },
    fingerprint: () => createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16),
  };
}
