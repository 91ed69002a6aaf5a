/** Paths of steps as a tree: `orders[3].reserve` stands in `orders[3]`, that in `orders`; `pay:fallback` belongs to `pay`. */

/** Null for what stands at the top. */
export function parentOf(path: string): string | null {
  for (let i = path.length - 1; i > 0; i -= 1) {
    const letter = path.charAt(i);
    if (letter === "." || letter === "[" || letter === ":") return path.slice(0, i);
  }
  return null;
}

/** The last part: `reserve`, `[3]`, `:fallback`. */
export function lastPart(path: string): string {
  const parent = parentOf(path);
  if (parent === null) return path;
  const rest = path.slice(parent.length);
  return rest.startsWith(".") ? rest.slice(1) : rest;
}

export function isIteration(path: string): boolean {
  return path.endsWith("]");
}

/** Whether `path` is `above` or stands in it. */
export function isWithin(path: string, above: string): boolean {
  return path.startsWith(above) && (path.length === above.length || ".[:".includes(path.charAt(above.length)));
}
