/** Which two executions are compared. */

export interface CompareSearch {
  readonly a?: string;
  readonly b?: string;
}

export function parseCompareSearch(search: Readonly<Record<string, unknown>>): CompareSearch {
  const { a, b } = search;
  return {
    ...(a === undefined || a === "" ? {} : { a: String(a) }),
    ...(b === undefined || b === "" ? {} : { b: String(b) }),
  };
}
