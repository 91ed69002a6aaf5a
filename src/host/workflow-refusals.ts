/** What the registry says no with. */

import { quote } from "../core/base/text.ts";
import type { Refusal } from "./refusal.ts";
import { nextFree } from "./semver.ts";

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

export function workflowNotFound(workflow: string): Refusal {
  return {
    code: "WORKFLOW_NOT_FOUND",
    message: `Expected a registered workflow, but there is none named ${quote(workflow)}.`,
  };
}

export function versionNotFound(name: string, version: string): Refusal {
  return {
    code: "VERSION_NOT_FOUND",
    message: `Expected a registered version of ${quote(name)}, but there is no ${quote(version)}.`,
  };
}

export function versionExists(name: string, version: string, existing: readonly string[]): Refusal {
  const next = nextFree(version, new Set(existing));
  return {
    code: "VERSION_EXISTS",
    message: `Expected version ${version} of ${quote(name)} to be new or to have the same content, but it exists with other content. The next free version is ${next}.`,
    details: { version, next_version: next },
  };
}

export function revisionConflict(name: string): Refusal {
  return {
    code: "REVISION_CONFLICT",
    message: `Expected ${quote(name)} to be as it was when its ETag was read, but it has changed. Read it again and send the new ETag as If-Match.`,
  };
}

export function otherName(expected: string, met: string): Refusal {
  return {
    code: "BAD_REQUEST",
    message: `Expected the text to be of the workflow ${quote(expected)} that the path names, but its metadata.name is ${quote(met)}.`,
    errors: [{ pointer: "/metadata/name", message: `Expected ${quote(expected)}, but met ${quote(met)}.` }],
  };
}
