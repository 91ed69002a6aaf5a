/** All workflows in one picture. */

import { toRfc3339 } from "../../core/base/time.ts";
import { type Contact, contactsOf, readTopology, type Topology, toTopology } from "../../core/protocol/topology.ts";
import { json } from "../answer.ts";
import type { RouteContext } from "./context.ts";

/** Of more than this nobody could see anything. */
const WORKFLOWS_MAX = 500;
const PAGE = 100;
const RECENT_MS = 3_600_000;

export function bindTopology({ binder, host, clock, insight }: RouteContext): void {
  /** By workspace and hash: what a definition says never changes. */
  const known = new Map<string, readonly Contact[]>();

  async function contacts(workspace: string, name: string, hash: string): Promise<readonly Contact[]> {
    const kept = known.get(hash);
    if (kept !== undefined) return kept;
    const outcome = await host.definitions.compiled({ workspace, workflow: name, version: null });
    const found = outcome.ok ? contactsOf(outcome.definition) : [];
    if (known.size > WORKFLOWS_MAX * 4) known.clear();
    known.set(hash, found);
    return found;
  }

  binder.bind(readTopology, async ({ workspace }) => {
    const now = clock.now();
    const lately = await insight.figures.book.read({ workspace, from: now - RECENT_MS, to: now + 1, stepMs: 60_000 });
    const failures = new Map<string, number>();
    for (const cells of lately.values())
      for (const [name, { ended }] of cells)
        failures.set(name, (failures.get(name) ?? 0) + ended.failed + ended.timed_out);
    const workflows = new Map<
      string,
      { version: string; active: number; failures: number; contacts: readonly Contact[] }
    >();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof host.definitions.list>> = await host.definitions.list({
        workspace,
        text: null,
        tag: null,
        includeArchived: false,
        limit: PAGE,
        cursor,
      });
      for (const { name, version, hash } of page.items) {
        const counts = await host.count({ workspace, workflow: name });
        workflows.set(name, {
          version,
          active: (counts["running"] ?? 0) + (counts["queued"] ?? 0) + (counts["paused"] ?? 0),
          failures: failures.get(name) ?? 0,
          contacts: await contacts(workspace, name, hash),
        });
      }
      cursor = page.nextCursor;
    } while (cursor !== null && workflows.size < WORKFLOWS_MAX);
    const executors = new Map(
      host.executors.list({ workspace }).map(({ name, status, waiting }) => [name, { status, waiting }]),
    );
    const topology: Topology = {
      at: toRfc3339(now),
      ...toTopology({ workflows, executors }),
      is_cut: cursor !== null,
    };
    return json(200, topology);
  });
}
