/** Takes operations on many executions, shows them and stops them; `runner.ts` works them off. */

import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../../core/base/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Entropy } from "../../ports/entropy.ts";
import type { Store } from "../../ports/store.ts";
import type { Refusal } from "../refusal.ts";
import type { Controls } from "./act.ts";
import { type Bulk, type BulkPlace, type BulkPreview, type BulkRequest, type Bulks, isOpenBulk } from "./bulk.ts";
import { addBulk, dropOlder, listBulks, readBulk, readKey, writeProgress } from "./documents.ts";
import { createRunner } from "./runner.ts";
import { findPage } from "./selection.ts";

/** More at a time would only take turns. */
const OPEN_MAX = 100;
/** As long as keys of starts. */
const KEYS_KEPT_MS = 24 * 3_600_000;
/** Those that are over are kept for people to look at. */
const KEPT_MS = 30 * 24 * 3_600_000;
const DROPPED_AT_A_TIME = 20;
/** A preview counts up to here: it is answered while somebody waits. */
const PREVIEWED_MAX = 100_000;
const PREVIEW_PAGE = 1000;
const SAMPLE = 10;
/** Losing the race for a document this often means that something else is wrong. */
const ATTEMPTS_MAX = 20;

export interface BulkDesk extends Bulks {
  /** Goes on with what was not over when the platform ended. */
  recover(): void;
  stop(): Promise<void>;
}

export function createBulks(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly controls: Controls;
  readonly report: (error: unknown, about: string) => void;
}): BulkDesk {
  const { store, clock, entropy } = parts;
  const { documents } = store;
  const runner = createRunner(parts);

  async function create(request: BulkRequest): ReturnType<Bulks["create"]> {
    const { workspace, idempotencyKey } = request;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const key = idempotencyKey === null ? null : await readKey(documents, workspace, idempotencyKey);
      const bodyHash = hashOf(request);
      // One that is dated ahead of a clock that was set back since then is young, too.
      if (key !== null && clock.now() - key.at < KEYS_KEPT_MS) {
        const known = await readBulk(documents, { workspace, id: key.id });
        // Whoever wrote it may never have heard that it was written.
        if (known !== null && isOpenBulk(known.bulk)) runner.add(known.bulk);
        if (known !== null)
          return key.bodyHash === bodyHash
            ? { ok: true, bulk: known.bulk, isNew: false }
            : { ok: false, refusal: CONFLICT };
      }
      if (runner.open >= OPEN_MAX) return { ok: false, refusal: TOO_MANY };
      const bulk = await begun(toBulk(request, entropy.id(), clock.now()));
      const claim = idempotencyKey === null ? null : { id: idempotencyKey, bodyHash, expected: key?.revision ?? null };
      // Somebody has taken the key at the same moment: his is looked at.
      if (!(await addBulk(documents, bulk, claim))) continue;
      runner.add(bulk);
      void tidy(workspace);
      return { ok: true, bulk, isNew: true };
    }
    return { ok: false, refusal: TOO_MANY };
  }

  /** Where one page has them all, who asks hears at once how many there are. */
  async function begun(bulk: Bulk): Promise<Bulk> {
    if (bulk.status === "running") return bulk;
    const { rows, next } = await findPage(store, bulk, { cursor: null, limit: PREVIEW_PAGE });
    return next === null ? { ...bulk, status: "running", matched: rows.length } : bulk;
  }

  async function preview({ workspace, selection }: Pick<BulkRequest, "workspace" | "selection">): Promise<BulkPreview> {
    const chosen = { workspace, selection, createdAt: clock.now() };
    const sample: BulkPreview["sample"][number][] = [];
    let matched = 0;
    for (let cursor: string | null = null; ; ) {
      const page: Awaited<ReturnType<typeof findPage>> = await findPage(store, chosen, { cursor, limit: PREVIEW_PAGE });
      matched += page.rows.length;
      sample.push(...page.rows.slice(0, SAMPLE - sample.length));
      if (page.next === null || matched >= PREVIEWED_MAX) return { matched, isComplete: page.next === null, sample };
      cursor = page.next.cursor;
    }
  }

  async function cancel(place: BulkPlace): ReturnType<Bulks["cancel"]> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const stored = await readBulk(documents, place);
      if (stored === null) return { ok: false, refusal: unknownBulk(place.id) };
      const { bulk, revision } = stored;
      if (bulk.status === "cancelled") return { ok: true, bulk };
      if (!isOpenBulk(bulk)) return { ok: false, refusal: endedBulk(place.id) };
      const cancelled: Bulk = { ...bulk, status: "cancelled", finishedAt: clock.now() };
      if ((await writeProgress(documents, cancelled, revision)) !== null) return { ok: true, bulk: cancelled };
    }
    return { ok: false, refusal: TOO_MANY };
  }

  async function tidy(workspace: string): Promise<void> {
    const time = Math.max(0, clock.now() - KEPT_MS);
    const beforeId = time.toString(16).padStart(12, "0").padEnd(30, "0");
    await dropOlder(documents, { workspace, beforeId, limit: DROPPED_AT_A_TIME }).catch(() => {
      // They are dropped another time.
    });
  }

  return {
    create,
    preview,
    cancel,
    read: async (place) => (await readBulk(documents, place))?.bulk ?? null,
    async list({ workspace, limit, cursor }) {
      const found = await listBulks(documents, { workspace, limit: limit + 1, afterId: cursor });
      const bulks = found.slice(0, limit);
      return { bulks, nextCursor: found.length > limit ? (bulks.at(-1)?.id ?? null) : null };
    },
    recover: runner.recover,
    stop: runner.stop,
    get open() {
      return runner.open;
    },
  };
}

function toBulk({ workspace, action, selection, idempotencyKey }: BulkRequest, id: string, now: number): Bulk {
  const isNamed = selection.kind === "ids";
  return {
    workspace,
    id,
    action,
    selection,
    status: isNamed ? "running" : "counting",
    matched: isNamed ? selection.ids.length : 0,
    done: 0,
    failed: 0,
    errors: [],
    createdAt: now,
    finishedAt: null,
    page: [],
    next: { cursor: null },
    idempotencyKey,
  };
}

function hashOf({ action, selection }: BulkRequest): string {
  return hash("sha256", canonicalJson({ action, selection } as unknown as Json));
}

const CONFLICT: Refusal = {
  code: "IDEMPOTENCY_CONFLICT",
  message:
    "Expected the same operation under the same idempotency key, but an earlier one under it was another. Use another key.",
};

const TOO_MANY: Refusal = {
  code: "OVERLOADED",
  message: `Expected fewer than ${OPEN_MAX} operations on many executions at a time. Wait for some to end.`,
  retryAfter: 5,
};

function unknownBulk(id: string): Refusal {
  return { code: "BULK_NOT_FOUND", message: `Expected an operation "${id}" on many executions, but there is none.` };
}

function endedBulk(id: string): Refusal {
  return { code: "BULK_ENDED", message: `Expected operation "${id}" to go on, but it is over.` };
}
