/** What the files of routes are given. */

import type { Drafts } from "../../host/drafts/drafts.ts";
import type { Host } from "../../host/host.ts";
import type { Insight } from "../../host/insight/insight.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Entropy } from "../../ports/entropy.ts";
import type { Binder } from "../binding.ts";
import type { Estimates } from "../estimates.ts";
import type { Views } from "../views.ts";

export interface RouteContext {
  readonly binder: Binder;
  readonly host: Host;
  readonly insight: Insight;
  readonly drafts: Drafts;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly views: Views;
  readonly estimates: Estimates;
  readonly addresses: Addresses;
  readonly facts: ServerFacts;
}

/** Under which address the caller reaches us. */
export interface Addresses {
  /** Of the API: `http://localhost:8080`. */
  api(host: string | undefined): string;
  /** Whether a port is the dashboard's own. */
  isDashboardPort(port: number | undefined): boolean;
  /** Of the dashboard: `http://localhost:9090`. */
  dashboard(host: string | undefined): string;
}

export interface ServerFacts {
  readonly version: string;
  readonly payloadBytesMax: number;
  readonly startedAt: number;
  readonly servesMetrics: boolean;
  isDraining(): boolean;
  /** Open connections to either port. */
  connections(): number;
}
