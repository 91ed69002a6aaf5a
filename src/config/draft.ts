/** A configuration that is being read: what was taken so far, from where, and what was wrong. */

import type { Json } from "../core/base/json.ts";
import type { ConfigProblem, ConfigProblemCode } from "./config.ts";
import type { SettingName } from "./settings.ts";

export interface Draft {
  readonly values: Map<SettingName, Taken>;
  readonly origins: Map<SettingName, string>;
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Place {
  readonly source: string;
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
}

export interface Taken {
  readonly value: Json;
  readonly place: Place;
}

export function problem(
  draft: Draft,
  place: Place,
  code: ConfigProblemCode,
  message: string,
  hint: string | null = null,
): void {
  draft.problems.push({ code, message, hint, ...place });
}
