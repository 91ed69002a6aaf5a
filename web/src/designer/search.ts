/** What the address of the designer says: the step that is chosen, and whether it is shown to somebody who may only read. */

export interface DesignerSearch {
  readonly step?: string;
  readonly read?: true;
}

export function parseDesignerSearch(search: Readonly<Record<string, unknown>>): DesignerSearch {
  const { step, read } = search;
  return {
    ...(typeof step === "string" && step !== "" ? { step } : {}),
    ...(read === true ? { read } : {}),
  };
}
