/** What the address of the gallery says: which template is open. */

export interface TemplatesSearch {
  readonly template?: string;
}

export function parseTemplatesSearch(search: Readonly<Record<string, unknown>>): TemplatesSearch {
  const { template } = search;
  return typeof template === "string" && template !== "" ? { template } : {};
}
