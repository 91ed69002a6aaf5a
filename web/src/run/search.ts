/** What the address of an execution's page says. */

export const RUN_TABS = ["diagram", "timeline", "history", "data", "logs"] as const;
export type RunTab = (typeof RUN_TABS)[number];

export interface RunSearch {
  readonly tab?: RunTab;
  /** The moment: the number of the last event that has happened. Left out: now. */
  readonly at?: number;
  /** The path of the step that is shown beside. */
  readonly step?: string;
  /** It was read from a file and is in memory only. */
  readonly file?: true;
}

export function parseRunSearch(search: Readonly<Record<string, unknown>>): RunSearch {
  const tab = RUN_TABS.find((word) => word === search["tab"]);
  const at = Number(search["at"]);
  const step = search["step"];
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(search["at"] !== undefined && Number.isInteger(at) && at > 0 ? { at } : {}),
    ...(typeof step === "string" && step !== "" ? { step } : {}),
    ...(search["file"] === true || search["file"] === "true" ? { file: true as const } : {}),
  };
}
