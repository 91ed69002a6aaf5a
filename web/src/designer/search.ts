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

/** Of `/designer` itself: a draft that somebody has shared, and the token of his link. */
export interface DesignerListSearch {
  readonly draft?: string;
  readonly share?: string;
}

export function parseDesignerListSearch(search: Readonly<Record<string, unknown>>): DesignerListSearch {
  const { draft, share } = search;
  return {
    ...(typeof draft === "string" && draft !== "" ? { draft } : {}),
    ...(typeof share === "string" && share !== "" ? { share } : {}),
  };
}
