/**
 * Which circuit breakers the active versions declare, and with which settings: those of the newest are in force.
 *
 *     circuits   workflow name     the breakers of its active version, and since when it is active
 *
 * A document changes in the same write as the workflow that it belongs to. All of a workspace is kept in memory, because
 * every report of a call looks a target up; until it has been read, who reports brings settings of his own along.
 */

import type { Json } from "../core/base/json.ts";
import { quote } from "../core/base/text.ts";
import type { Instant } from "../core/base/time.ts";
import { type BreakerSettings, settingsOf } from "../core/engine/circuit.ts";
import { type DeclaredBreaker, haveEqualSettings } from "../core/language/breakers.ts";
import { createDiagnostic, type Diagnostic } from "../core/language/diagnostics.ts";
import type { Documents, DocumentWrite } from "../ports/store.ts";
import type { Candidate } from "./candidate.ts";

export interface DeclaredCircuit {
  readonly target: string;
  readonly settings: BreakerSettings;
  readonly step: string;
  readonly workflow: string;
  readonly version: string;
  readonly since: Instant;
}

export interface Circuits {
  /** Null: no active version declares it, or what they declare has not been read yet. */
  find(workspace: string, target: string): DeclaredCircuit | null;
  /** One for each target, in the order of their names. */
  list(workspace: string): Promise<readonly DeclaredCircuit[]>;
}

export interface CircuitBook extends Circuits {
  /** What is to be written because `workflow` has another active version, or (null) none; `done` once it is on disk. */
  change(workspace: string, workflow: string, active: ActiveVersion | null): Promise<CircuitChange>;
  /** What of the candidate differs from what other workflows declare. */
  differences(workspace: string, candidate: Candidate): Promise<readonly Diagnostic[]>;
  /** What is remembered may be old. */
  forget(workspace: string): void;
}

export interface ActiveVersion {
  readonly version: string;
  readonly breakers: readonly DeclaredBreaker[];
  readonly since: Instant;
}

export interface CircuitChange {
  readonly writes: readonly DocumentWrite[];
  done(): void;
}

const COLLECTION = "circuits";
const LIST_CHUNK = 500;

type Body = Pick<DeclaredCircuit, "version" | "since"> & {
  readonly circuits: readonly Pick<DeclaredCircuit, "target" | "settings" | "step">[];
};

/** Of one workspace. */
interface Page {
  readonly byWorkflow: Map<string, readonly DeclaredCircuit[]>;
  byTarget: ReadonlyMap<string, DeclaredCircuit>;
}

export function createCircuitBook(documents: Documents): CircuitBook {
  const pages = new Map<string, Page>();
  const reading = new Map<string, Promise<Page>>();

  function readOnce(workspace: string): Promise<Page> {
    const underWay = reading.get(workspace);
    if (underWay !== undefined) return underWay;
    const promise = readPage(documents, workspace).then((page) => {
      pages.set(workspace, page);
      return page;
    });
    reading.set(workspace, promise);
    const end = () => reading.delete(workspace);
    promise.then(end, end);
    return promise;
  }

  async function pageOf(workspace: string): Promise<Page> {
    return pages.get(workspace) ?? (await readOnce(workspace));
  }

  return {
    find(workspace, target) {
      const page = pages.get(workspace);
      // Asked again at the next look where the store could not be.
      if (page === undefined) readOnce(workspace).catch(ignore);
      return page?.byTarget.get(target) ?? null;
    },

    async list(workspace) {
      const { byTarget } = await pageOf(workspace);
      return [...byTarget.values()].toSorted((a, b) => (a.target < b.target ? -1 : 1));
    },

    async change(workspace, workflow, active) {
      const stored = await documents.get({ collection: COLLECTION, workspace, id: workflow });
      const circuits = active === null ? [] : declaredIn(active.breakers);
      if (stored === null && circuits.length === 0) return NO_CHANGE;
      const body = active === null || circuits.length === 0 ? null : bodyOf(active, circuits);
      const place = { collection: COLLECTION, workspace, id: workflow, group: null };
      return {
        writes: [{ ...place, expected: stored?.revision ?? null, body: body as Json }],
        done() {
          const page = pages.get(workspace);
          if (page === undefined) return;
          page.byWorkflow.set(workflow, body === null ? [] : circuitsOf(workflow, body));
          page.byTarget = newestOf(page);
        },
      };
    },

    async differences(workspace, { name, breakers }) {
      const { byTarget } = await pageOf(workspace);
      return breakers.flatMap(({ target, step, breaker, place }) => {
        const other = byTarget.get(target);
        const isSame = other === undefined || other.workflow === name || haveEqualSettings(other.settings, breaker);
        if (isSame) return [];
        const facts = { step, target, other: `workflow ${quote(other.workflow)}` };
        return [createDiagnostic("breaker-differs", facts, place, step)];
      });
    },

    forget(workspace) {
      if (pages.has(workspace)) readOnce(workspace).catch(() => pages.delete(workspace));
    },
  };
}

const NO_CHANGE: CircuitChange = { writes: [], done: ignore };

function ignore(): void {
  // There is nothing to do, or it is tried again.
}

async function readPage(documents: Documents, workspace: string): Promise<Page> {
  const page: Page = { byWorkflow: new Map(), byTarget: new Map() };
  for (let afterId: string | undefined; ; ) {
    const after = afterId === undefined ? {} : { afterId };
    const found = await documents.list({ collection: COLLECTION, workspace, limit: LIST_CHUNK, ...after });
    for (const { id, body } of found) page.byWorkflow.set(id, circuitsOf(id, body as unknown as Body));
    if (found.length < LIST_CHUNK) break;
    afterId = found.at(-1)?.id;
  }
  page.byTarget = newestOf(page);
  return page;
}

function newestOf({ byWorkflow }: Page): ReadonlyMap<string, DeclaredCircuit> {
  const newest = new Map<string, DeclaredCircuit>();
  for (const circuit of [...byWorkflow.values()].flat()) {
    const other = newest.get(circuit.target);
    if (other === undefined || other.since <= circuit.since) newest.set(circuit.target, circuit);
  }
  return newest;
}

function circuitsOf(workflow: string, { version, since, circuits }: Body): readonly DeclaredCircuit[] {
  return circuits.map((circuit) => ({ ...circuit, workflow, version, since }));
}

function bodyOf({ version, since }: ActiveVersion, circuits: Body["circuits"]): Body {
  return { version, since, circuits };
}

/** Of several steps with one target the first decides. */
function declaredIn(breakers: readonly DeclaredBreaker[]): Body["circuits"] {
  const first = new Map<string, Body["circuits"][number]>();
  for (const { target, step, breaker } of breakers) {
    if (!first.has(target)) first.set(target, { target, step, settings: settingsOf(breaker) });
  }
  return [...first.values()];
}
