/**
 * The registered workflows: immutable versions, which one is active, and a cache of what is compiled.
 *
 * A name and version is immutable. Registering equal content changes nothing; other content under a version that exists
 * is refused. Documents are committed before a registration is answered.
 */

import type { JsonObject } from "../core/base/json.ts";
import type { Instant } from "../core/base/time.ts";
import type { Definition } from "../core/language/definition.ts";
import type { Diagnostic } from "../core/language/diagnostics.ts";
import type { Circuits } from "./circuits.ts";
import type { Outcome } from "./refusal.ts";

export interface Definitions {
  /** Registers the one workflow of the text (with its context document, if there is one). */
  register(request: {
    workspace: string;
    text: string;
    /** Refuse unless the text's workflow has this name. */
    name: string | null;
    /** ETag of the workflow that the caller has seen; null: none was given. */
    ifMatch: string | null;
    now: Instant;
    dryRun: boolean;
  }): Promise<Outcome<Registered>>;
  /** Name or id. Null: unknown. */
  read(request: { workspace: string; workflow: string; version: string | null }): Promise<WorkflowRecord | null>;
  /** In the order of the names. A cursor that is not ours is a `StoreError` of kind `cursor`. */
  list(request: {
    workspace: string;
    text: string | null;
    tag: string | null;
    includeArchived: boolean;
    limit: number;
    cursor: string | null;
  }): Promise<{ readonly items: readonly WorkflowHead[]; readonly nextCursor: string | null }>;
  /** Newest first. Null: unknown. */
  listVersions(request: { workspace: string; workflow: string }): Promise<readonly WorkflowHead[] | null>;
  archive(request: {
    workspace: string;
    workflow: string;
    ifMatch: string | null;
    now: Instant;
  }): Promise<Outcome<object>>;
  /** Compiled, from the cache or the store. `version` null: the active one. For running executions archived ones too. */
  compiled(request: {
    workspace: string;
    workflow: string;
    version: string | null;
  }): Promise<Outcome<{ readonly definition: Definition; readonly status: WorkflowStatus }>>;
  /** As `compiled`, where it is in memory: saves the hot path a promise. */
  cached(request: { workspace: string; workflow: string; version: string | null }): Definition | null;
  /** What is kept compiled, and how often it was there when it was asked for. */
  cacheFacts(): { readonly entries: number; readonly hits: number; readonly misses: number };
  /** The circuit breakers that active versions declare. */
  readonly circuits: Circuits;
}

export type WorkflowStatus = "active" | "archived";

export interface Registered {
  readonly record: WorkflowRecord;
  readonly change: "created" | "version_created" | "unchanged";
  readonly diagnostics: readonly Diagnostic[];
}

export interface WorkflowRecord extends WorkflowHead {
  /** As it was registered. */
  readonly text: string;
  /** Warnings: what has errors is not registered. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A version without its text, as lists show it. */
export interface WorkflowHead {
  /** Stable id of the workflow (not of the version). */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly isActive: boolean;
  readonly status: WorkflowStatus;
  readonly description: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly labels: JsonObject;
  /** Of the canonical form without the version: equal content has an equal hash. */
  readonly hash: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Changes with every change of the workflow (a new version, archiving). */
  readonly etag: string;
}
