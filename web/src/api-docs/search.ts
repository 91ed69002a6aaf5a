/** What the address of the API page says: which operation is open, and which are listed. */

export interface ApiSearch {
  readonly operation?: string;
  readonly text?: string;
}

export function parseApiSearch(search: Readonly<Record<string, unknown>>): ApiSearch {
  const { operation, text } = search;
  return {
    ...(typeof operation === "string" && operation !== "" ? { operation } : {}),
    ...(typeof text === "string" && text !== "" ? { text } : {}),
  };
}
