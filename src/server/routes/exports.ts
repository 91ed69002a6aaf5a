/** All that is stored of an execution, as lines: to be kept elsewhere, or to be looked at where the platform gives up. */

import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import { exportExecution } from "../../core/protocol/execution-routes.ts";
import type { Host } from "../../host/host.ts";
import type { ExecutionRow } from "../../ports/store.ts";
import { problem } from "../answer.ts";
import type { RouteContext } from "./context.ts";
import { toSummary } from "./executions.ts";

/** One read of the store, and what is in memory of one export at a time. */
const READ_BYTES = 512 * 1024;

export function bindExports(context: RouteContext): void {
  const { binder, host } = context;

  binder.bind(exportExecution, async ({ workspace, params, headers, requestId, response, signal }) => {
    const row = await host.read({ workspace, executionId: params.execution_id });
    if (row === null)
      return problem(
        "EXECUTION_NOT_FOUND",
        `Expected an execution ${JSON.stringify(params.execution_id)}, but there is none.`,
      );
    const isCompressed = acceptsGzip(headers["accept-encoding"]);
    response.writeHead(200, {
      "content-type": "application/x-ndjson; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
      vary: "accept-encoding",
      ...(isCompressed ? { "content-encoding": "gzip" } : {}),
    });
    const lines = Readable.from(linesOf(host, row), { objectMode: false });
    const options = { signal: signal() };
    // Compressed by the pool of threads: the loop only hands the bytes on.
    const sent = isCompressed ? pipeline(lines, createGzip(), response, options) : pipeline(lines, response, options);
    // The status has been sent: breaking off is all that is left to say.
    sent.catch(() => response.destroy());
    return { kind: "taken" };
  });
}

async function* linesOf(host: Host, row: ExecutionRow): AsyncGenerator<string> {
  yield `${JSON.stringify({ execution: toSummary(row) })}\n`;
  const place = { workspace: row.workspace, executionId: row.id };
  let afterSeq = 0;
  for (;;) {
    const packs = (await host.readHistory({ ...place, afterSeq, bytesMax: READ_BYTES })) ?? [];
    const last = packs.at(-1);
    if (last === undefined) return;
    yield packs.map(({ text }) => `${text}\n`).join("");
    afterSeq = last.lastSeq;
  }
}

/** `gzip;q=0` is a refusal. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? "")
    .split(",")
    .some((each) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(each));
}
