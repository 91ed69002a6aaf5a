/**
 * The registry of workflows, kept as documents of the store.
 *
 *     workflows     name           which version is active, which is newest, archived or not
 *     versions      name@version   what lists show of a version; never changes
 *     sources       name@version   its text and its warnings; never changes
 *     workflow_ids  id             name
 *     circuits      name           the circuit breakers of the active version (`circuits.ts`)
 *
 * Everything that one registration changes is one write, which is refused if somebody else changed the workflow meanwhile;
 * then the registration is thought over again. Compiled definitions are kept within a bound and made again from the text.
 */

import { createHash } from "node:crypto";
import { defined } from "../core/base/bug.ts";
import type { Json, JsonObject } from "../core/base/json.ts";
import { quote } from "../core/base/text.ts";
import type { Instant } from "../core/base/time.ts";
import type { Definition } from "../core/language/definition.ts";
import type { Diagnostic } from "../core/language/diagnostics.ts";
import { type Documents, type DocumentWrite, StoreError } from "../ports/store.ts";
import { type Candidate, loadCandidate } from "./candidate.ts";
import { createCircuitBook } from "./circuits.ts";
import type { Definitions, Registered, WorkflowHead, WorkflowRecord, WorkflowStatus } from "./definitions.ts";
import { createLru } from "./lru.ts";
import type { Outcome } from "./refusal.ts";
import { compareVersions, nextPatch } from "./semver.ts";
import {
  otherName,
  refuse,
  revisionConflict,
  versionExists,
  versionNotFound,
  workflowNotFound,
} from "./workflow-refusals.ts";

/** Texts of the definitions that are kept compiled, together. A compiled one takes about ten times the memory of its text. */
const CACHE_BYTES = 8 * 1024 * 1024;

/** Workflows of which it is kept in memory which version is active. */
const HEADS_MAX = 20_000;

/** Losing the race for a workflow once is bad luck; losing it this often means that something else is wrong. */
const ATTEMPTS_MAX = 20;

/** How many documents are looked through at a time for a list. */
const LIST_CHUNK = 500;

/** Filtering a million workflows by tag ends here; the cursor goes on. */
const LIST_LOOKED_AT_MAX = 20_000;

const FIRST_VERSION = "1.0.0";

export interface Registry extends Definitions {
  /** Another node has changed the workflow: what is remembered of it no longer counts. */
  forget(request: { workspace: string; name: string }): void;
}

interface Head {
  readonly id: string;
  readonly name: string;
  readonly status: WorkflowStatus;
  readonly active: string;
  /** Somebody activated it by hand: registering leaves it. */
  readonly isPinned: boolean;
  readonly newest: string;
  readonly newestHash: string;
  readonly updatedAt: Instant;
  /** What lists show of the active version, so that a page of a list is one read. */
  readonly shown: Shown;
}

interface Shown {
  readonly version: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
  readonly hash: string;
  readonly createdAt: Instant;
}

interface Source {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

interface Stored<T> {
  readonly revision: number;
  readonly body: T;
}

export function createRegistry(documents: Documents): Registry {
  const definitions = createLru<Definition>(CACHE_BYTES);
  const heads = createLru<Stored<Head>>(HEADS_MAX);
  const loading = new Map<string, Promise<Outcome<{ readonly definition: Definition }>>>();
  const circuits = createCircuitBook(documents);
  /** How often something was forgotten: what was read before the last time may be old. */
  let changes = 0;
  let hits = 0;
  let misses = 0;

  async function get<T>(collection: Collection, workspace: string, id: string): Promise<Stored<T> | null> {
    const document = await documents.get({ collection, workspace, id });
    return document === null ? null : { revision: document.revision, body: document.body as unknown as T };
  }

  /** By name, else by id. */
  async function findHead(workspace: string, workflow: string): Promise<Stored<Head> | null> {
    const byName = await get<Head>("workflows", workspace, workflow);
    if (byName !== null || !workflow.startsWith(ID_PREFIX)) return byName;
    const byId = await get<{ readonly name: string }>("workflow_ids", workspace, workflow);
    return byId === null ? null : get<Head>("workflows", workspace, byId.body.name);
  }

  function remember(workspace: string, head: Stored<Head>): void {
    heads.set(placeOf(workspace, head.body.name), head, 1);
    heads.set(placeOf(workspace, head.body.id), head, 1);
  }

  function forget(workspace: string, name: string): void {
    changes += 1;
    heads.delete(placeOf(workspace, name));
    heads.delete(placeOf(workspace, workflowIdOf(workspace, name)));
  }

  /** For changing it. A change of before may have been made although nobody heard of it: what is remembered no longer counts. */
  async function readHead(workspace: string, workflow: string): Promise<Stored<Head> | null> {
    const head = await findHead(workspace, workflow);
    if (head !== null) forget(workspace, head.body.name);
    return head;
  }

  async function putAndForget(
    workspace: string,
    name: string,
    writes: readonly DocumentWrite[],
  ): Promise<readonly number[] | null> {
    try {
      return await documents.put(writes);
    } catch (error) {
      circuits.forget(workspace);
      throw error;
    } finally {
      // Also where the outcome is not known.
      forget(workspace, name);
    }
  }

  async function versionsOf(workspace: string, name: string): Promise<readonly Shown[]> {
    const versions: Shown[] = [];
    for (let afterId: string | undefined; ; ) {
      const found = await documents.list({
        collection: "versions",
        workspace,
        group: name,
        limit: LIST_CHUNK,
        ...(afterId === undefined ? {} : { afterId }),
      });
      versions.push(...found.map((document) => document.body as unknown as Shown));
      if (found.length < LIST_CHUNK) return versions;
      afterId = found.at(-1)?.id;
    }
  }

  async function recordOf(workspace: string, head: Stored<Head>, shown: Shown): Promise<WorkflowRecord> {
    const source = await get<Source>("sources", workspace, versionId(head.body.name, shown.version));
    const { text, diagnostics } = defined(source, `the text of ${head.body.name} ${shown.version} to be stored`).body;
    return { ...toHead(head, shown), text, diagnostics };
  }

  async function tryRegister(
    request: Parameters<Definitions["register"]>[0],
    loaded: Candidate,
  ): Promise<Outcome<Registered> | null> {
    const { workspace, now } = request;
    const { name, hash } = loaded;
    const head = await readHead(workspace, name);
    if (request.ifMatch !== null && !matches(request.ifMatch, head)) return refuse(revisionConflict(name));

    const version = loaded.version ?? (head === null ? FIRST_VERSION : nextVersion(head.body, hash));
    const existing = await get<Shown>("versions", workspace, versionId(name, version));
    if (existing !== null) {
      if (existing.body.hash !== hash)
        return refuse(
          versionExists(
            name,
            version,
            (await versionsOf(workspace, name)).map((shown) => shown.version),
          ),
        );
      const stored = defined(head, `the workflow of version ${version} of ${name} to be stored`);
      const restored =
        stored.body.status === "active" || request.dryRun ? stored : await restore(workspace, stored, now);
      if (restored === null) return null;
      return unchanged(await recordOf(workspace, restored, existing.body), loaded);
    }

    const shown = shownOf(loaded, version, now);
    const next = nextHead(workspace, head?.body ?? null, shown, loaded, now);
    const after = { revision: (head?.revision ?? 0) + 1, body: next };
    const diagnostics = [...loaded.warnings, ...(await circuits.differences(workspace, loaded))];
    const record: WorkflowRecord = { ...toHead(after, shown), text: request.text, diagnostics };
    const change = head === null ? "created" : "version_created";
    if (!request.dryRun) {
      const isActive = next.active === version;
      const active = { version, breakers: loaded.breakers, since: now };
      const circuit = isActive ? await circuits.change(workspace, name, active) : null;
      const revisions = await putAndForget(workspace, name, [
        write("workflows", workspace, name, head?.revision ?? null, next),
        ...(circuit?.writes ?? []),
        write("versions", workspace, versionId(name, version), null, shown, name),
        write("sources", workspace, versionId(name, version), null, {
          text: request.text,
          diagnostics,
        }),
        ...(head === null ? [write("workflow_ids", workspace, next.id, null, { name })] : []),
      ]);
      if (revisions === null) return null;
      circuit?.done();
      const place = placeOf(workspace, versionId(name, version));
      definitions.set(place, { ...loaded.definition, version, hash }, request.text.length);
    }
    return { ok: true, record, change, diagnostics };
  }

  /** Registering what is archived makes it usable again. */
  async function restore(workspace: string, head: Stored<Head>, now: Instant): Promise<Stored<Head> | null> {
    const body: Head = { ...head.body, status: "active", updatedAt: now };
    const source = await get<Source>("sources", workspace, versionId(body.name, body.active));
    const loaded = source === null ? null : loadCandidate(source.body.text);
    const circuit =
      loaded?.ok === true
        ? await circuits.change(workspace, body.name, { ...loaded, version: body.active, since: now })
        : null;
    const revisions = await putAndForget(workspace, body.name, [
      write("workflows", workspace, body.name, head.revision, body),
      ...(circuit?.writes ?? []),
    ]);
    if (revisions !== null) circuit?.done();
    return revisions === null ? null : { revision: head.revision + 1, body };
  }

  async function compile(
    workspace: string,
    name: string,
    version: string,
  ): Promise<Outcome<{ readonly definition: Definition }>> {
    const place = placeOf(workspace, versionId(name, version));
    const known = definitions.get(place);
    if (known !== undefined) {
      hits += 1;
      return { ok: true, definition: known };
    }
    misses += 1;
    const underWay = loading.get(place) ?? compileStored(workspace, name, version).finally(() => loading.delete(place));
    loading.set(place, underWay);
    return underWay;
  }

  async function compileStored(
    workspace: string,
    name: string,
    version: string,
  ): Promise<Outcome<{ readonly definition: Definition }>> {
    const source = await get<Source>("sources", workspace, versionId(name, version));
    if (source === null) return refuse(versionNotFound(name, version));
    const loaded = loadCandidate(source.body.text);
    if (!loaded.ok) return loaded;
    const definition = { ...loaded.definition, version, hash: loaded.hash };
    definitions.set(placeOf(workspace, versionId(name, version)), definition, source.body.text.length);
    return { ok: true, definition };
  }

  return {
    async register(request) {
      const loaded = loadCandidate(request.text);
      if (!loaded.ok) return loaded;
      const name = request.name === null ? null : await resolveName(request.workspace, request.name);
      if (name !== null && name !== loaded.name) return refuse(otherName(name, loaded.name));
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        const outcome = await tryRegister(request, loaded);
        if (outcome !== null) return outcome;
      }
      return refuse({
        code: "UNAVAILABLE",
        message: `Expected to register ${quote(loaded.name)}, but others changed it ${ATTEMPTS_MAX} times meanwhile. Try again.`,
        retryAfter: 1,
      });
    },

    async read({ workspace, workflow, version }) {
      const head = await findHead(workspace, workflow);
      if (head === null) return null;
      if (version === null || version === head.body.active) return recordOf(workspace, head, head.body.shown);
      const shown = await get<Shown>("versions", workspace, versionId(head.body.name, withoutV(version)));
      return shown === null ? null : recordOf(workspace, head, shown.body);
    },

    async list({ workspace, text, tag, includeArchived, limit, cursor }) {
      const items: WorkflowHead[] = [];
      let after = cursor === null ? null : nameOfCursor(cursor);
      for (let lookedAt = 0; lookedAt < LIST_LOOKED_AT_MAX; ) {
        const chunk = Math.min(LIST_CHUNK, LIST_LOOKED_AT_MAX - lookedAt);
        const found = await documents.list({
          collection: "workflows",
          workspace,
          limit: chunk,
          ...(text === null ? {} : { idContains: text }),
          ...(after === null ? {} : { afterId: after }),
        });
        for (const { id, revision, body } of found) {
          const head = { revision, body: body as unknown as Head };
          if (items.length === limit) return { items, nextCursor: cursorOf(after) };
          after = id;
          lookedAt += 1;
          if (!includeArchived && head.body.status === "archived") continue;
          if (tag !== null && !head.body.shown.tags.includes(tag)) continue;
          items.push(toHead(head, head.body.shown));
        }
        if (found.length < chunk) return { items, nextCursor: null };
      }
      return { items, nextCursor: cursorOf(after) };
    },

    async listVersions({ workspace, workflow }) {
      const head = await findHead(workspace, workflow);
      if (head === null) return null;
      const versions = await versionsOf(workspace, head.body.name);
      return versions
        .toSorted((a, b) => b.createdAt - a.createdAt || compareVersions(b.version, a.version))
        .map((shown) => toHead(head, shown));
    },

    async archive({ workspace, workflow, ifMatch, now }) {
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        const head = await readHead(workspace, workflow);
        if (head === null) return refuse(workflowNotFound(workflow));
        const { name, status } = head.body;
        if (ifMatch !== null && !matches(ifMatch, head)) return refuse(revisionConflict(name));
        if (status === "archived") return { ok: true };
        const body: Head = { ...head.body, status: "archived", updatedAt: now };
        const circuit = await circuits.change(workspace, name, null);
        const revisions = await putAndForget(workspace, name, [
          write("workflows", workspace, name, head.revision, body),
          ...circuit.writes,
        ]);
        if (revisions === null) continue;
        circuit.done();
        return { ok: true };
      }
      return refuse({
        code: "UNAVAILABLE",
        message: "Expected to archive the workflow, but others keep changing it. Try again.",
        retryAfter: 1,
      });
    },

    async compiled({ workspace, workflow, version }) {
      let head = heads.get(placeOf(workspace, workflow)) ?? null;
      if (head === null) {
        const before = changes;
        head = await findHead(workspace, workflow);
        if (head === null) return refuse(workflowNotFound(workflow));
        if (changes === before) remember(workspace, head);
      }
      const { name, active, status } = head.body;
      const outcome = await compile(workspace, name, version === null ? active : withoutV(version));
      return outcome.ok ? { ok: true, definition: outcome.definition, status } : outcome;
    },

    cached({ workspace, workflow, version }) {
      const head = heads.get(placeOf(workspace, workflow));
      if (head === undefined) return null;
      const wanted = version === null ? head.body.active : withoutV(version);
      const definition = definitions.get(placeOf(workspace, versionId(head.body.name, wanted))) ?? null;
      if (definition !== null) hits += 1;
      return definition;
    },

    cacheFacts: () => ({ entries: definitions.size, hits, misses }),

    circuits,

    forget({ workspace, name }) {
      forget(workspace, name);
      circuits.forget(workspace);
    },
  };

  async function resolveName(workspace: string, workflow: string): Promise<string> {
    if (!workflow.startsWith(ID_PREFIX)) return workflow;
    return (await findHead(workspace, workflow))?.body.name ?? workflow;
  }
}

const ID_PREFIX = "wf_";

/** The id of a workflow: the same for the same name, so that nobody has to look it up. */
export function workflowIdOf(workspace: string, name: string): string {
  const place = `${workspace}/${name}`;
  const known = WORKFLOW_IDS.get(place);
  if (known !== undefined) return known;
  const id = ID_PREFIX + createHash("sha256").update(place).digest("hex").slice(0, 24);
  WORKFLOW_IDS.set(place, id, 1);
  return id;
}

/** Every answer about an execution shows the id of its workflow: those of the last ones are not computed again. */
const WORKFLOW_IDS = createLru<string>(10_000);

type Collection = "workflows" | "versions" | "sources" | "workflow_ids";

function nextVersion(head: Head, hash: string): string {
  return head.newestHash === hash ? head.newest : nextPatch(head.newest);
}

function shownOf({ definition, hash }: Candidate, version: string, now: Instant): Shown {
  const { description, owner, tags, labels } = definition;
  return { version, description, owner, tags, labels, hash, createdAt: now };
}

function nextHead(workspace: string, head: Head | null, shown: Shown, { name, hash }: Candidate, now: Instant): Head {
  const isNewest = head === null || compareVersions(shown.version, head.newest) > 0;
  const staysActive = head?.isPinned === true;
  return {
    id: workflowIdOf(workspace, name),
    name,
    status: "active",
    active: staysActive ? head.active : shown.version,
    isPinned: staysActive,
    newest: isNewest ? shown.version : head.newest,
    newestHash: isNewest ? hash : head.newestHash,
    updatedAt: now,
    shown: staysActive ? head.shown : shown,
  };
}

function toHead(head: Stored<Head>, shown: Shown): WorkflowHead {
  const { id, name, status, active, updatedAt } = head.body;
  return { id, name, status, ...shown, isActive: shown.version === active, updatedAt, etag: etagOf(head) };
}

function etagOf(head: Stored<Head>): string {
  return `"${head.revision}"`;
}

function matches(ifMatch: string, head: Stored<Head> | null): boolean {
  if (head === null) return false;
  const etag = etagOf(head);
  return ifMatch.split(",").some((one) => one.trim() === "*" || one.trim() === etag);
}

function unchanged(record: WorkflowRecord, { warnings }: Candidate): Outcome<Registered> {
  return { ok: true, record, change: "unchanged", diagnostics: warnings };
}

function write(
  collection: Collection,
  workspace: string,
  id: string,
  expected: number | null,
  body: object,
  group: string | null = null,
): DocumentWrite {
  return { collection, workspace, id, expected, body: body as Json, group };
}

function versionId(name: string, version: string): string {
  return `${name}@${version}`;
}

function placeOf(workspace: string, id: string): string {
  return `${workspace}\n${id}`;
}

function withoutV(version: string): string {
  return version.replace(/^v(?=\d)/, "");
}

function cursorOf(name: string | null): string | null {
  return name === null ? null : Buffer.from(`w:${name}`).toString("base64url");
}

function nameOfCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  if (!text.startsWith("w:"))
    throw new StoreError("cursor", "Expected a cursor from an earlier answer, but this is none.");
  return text.slice(2);
}
