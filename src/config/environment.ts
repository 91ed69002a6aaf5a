/** The environment's variables: one for each setting, and files that hold secrets. */

import { nearest, quote } from "../core/base/text.ts";
import { type Draft, type Place, problem } from "./draft.ts";
import type { ConfigSources } from "./read.ts";
import { SETTINGS, type Setting, type SettingName } from "./settings.ts";
import { take } from "./values.ts";

/** Read by clients and by secrets, and set by Kubernetes for services of that name: none of the platform's settings. */
const FOREIGN_VARIABLE =
  /^MAGICFLOW_(URL|TOKEN|CONFIG|PROFILE|SECRET_.*|.*SERVICE_HOST|.*SERVICE_PORT.*|PORT_\d+_.*|.*_PORT_\d+_.*)$/;

export function readEnvironment(draft: Draft, { environment, readSecretFile }: ConfigSources): void {
  const names = variableNames();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith("MAGICFLOW_") || value === undefined || value === "" || FOREIGN_VARIABLE.test(variable))
      continue;
    // Kubernetes sets NAME_PORT=tcp://... for a service called NAME.
    if (/^tcp:\/\//.test(value)) continue;
    const place: Place = { source: "environment", path: variable, line: null, column: null };
    const plain = variable.replaceAll("__", "_");
    const name = names.get(plain);
    if (name !== undefined) {
      take(draft, name, value, place);
      continue;
    }
    const ofFile = plain.endsWith("_FILE") ? names.get(plain.slice(0, -5)) : undefined;
    if (ofFile !== undefined) {
      const content = readSecretFile(value);
      if (content === null)
        problem(
          draft,
          place,
          "config-unreadable",
          `Expected ${quote(variable)} to name a file that can be read, but ${quote(value)} cannot.`,
        );
      else take(draft, ofFile, content.replace(/\r?\n$/, ""), place);
      continue;
    }
    const meant = nearest(plain, names.keys());
    draft.warnings.push(
      `The environment variable ${variable} is not known and changes nothing.${meant === null ? "" : ` Did you mean ${meant}?`}`,
    );
  }
}

/** `server.dashboard_port` is `MAGICFLOW_SERVER_DASHBOARD_PORT`. */
function variableNames(): ReadonlyMap<string, SettingName> {
  const names = new Map<string, SettingName>();
  for (const [name, setting] of Object.entries(SETTINGS) as readonly [SettingName, Setting][]) {
    if (setting.of.kind === "table" || setting.of.kind === "list") continue;
    names.set(`MAGICFLOW_${name.replaceAll(".", "_").toUpperCase()}`, name);
    if (setting.variable !== undefined) names.set(setting.variable, name);
  }
  return names;
}
