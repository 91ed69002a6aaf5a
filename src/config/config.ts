/** The configuration as the rest of the program sees it: checked, with units, nothing left to look up. */

import type { Json, JsonObject } from "../core/base/json.ts";
import type { SettingName } from "./settings.ts";

export interface Config {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly dashboardPort: number;
    /** How callers reach the server where that is not its own address. */
    readonly publicUrl: string | null;
    readonly timeoutMs: number;
  };
  readonly dataDirectory: string;
  readonly security: { readonly authEnabled: boolean | null };
  readonly monitoring: {
    readonly metricsEnabled: boolean;
    readonly logLevel: string;
    /** With business metrics; null: looked for in the usual places. */
    readonly metricsFile: string | null;
  };
  readonly limits: {
    readonly payloadBytesMax: number;
    readonly batchBodyBytesMax: number;
    readonly historyEventsMax: number;
    readonly historyBytesMax: number;
    /** Of what one execution keeps alive. */
    readonly stateBytesMax: number;
    /** Null: as long as workflows and steps say. */
    readonly executionTimeoutMs: number | null;
    readonly stepTimeoutMs: number | null;
    readonly executionsInMemory: number;
    readonly inboxLengthMax: number;
    readonly concurrentExecutionsMax: number | null;
    readonly queuedExecutionsMax: number;
    /** Of one token; null: as many as it likes. */
    readonly requests: { readonly limit: number; readonly periodMs: number } | null;
  };
  readonly eventsTtlMs: number;
  /** How long executions are kept after their end; null: for ever. */
  readonly retention: {
    readonly completedMs: number | null;
    readonly failedMs: number | null;
    readonly deadLettersMs: number | null;
  };
  readonly outgoing: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  /** The allowed variables with their values at the start. */
  readonly environment: ReadonlyMap<string, string>;
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly connections: Readonly<Record<string, { readonly type: string; readonly url: string }>>;
  /** Every setting as it was read or is by default, in the program's units; secrets are in here too. */
  readonly settings: ReadonlyMap<SettingName, Json>;
  /** Where each setting that is not at its default came from. */
  readonly origins: ReadonlyMap<SettingName, string>;
  /** Things that are allowed and still worth saying. */
  readonly warnings: readonly string[];
}

export interface ServiceConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: JsonObject | null;
  readonly timeoutMs: number | null;
}

/** Something wrong in the configuration, and where. */
export interface ConfigProblem {
  readonly code: ConfigProblemCode;
  readonly message: string;
  readonly hint: string | null;
  /** A file, `environment` or `command line`. */
  readonly source: string;
  readonly line: number | null;
  readonly column: number | null;
  /** The setting's path as it was written. */
  readonly path: string;
}

export type ConfigProblemCode =
  | "config-unreadable"
  | "config-syntax"
  | "setting-unknown"
  | "setting-invalid"
  | "setting-twice"
  | "variable-missing"
  | "backend-unavailable"
  | "secret-sample"
  | "auth-required"
  | "auth-unavailable";
