/** Paths as the tree writes them (`spec.steps[2]["odd name"]`), and as editing wants them: `["spec", "steps", 2, "odd name"]`. */

export type Path = readonly (string | number)[];

const PART = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** Null for what is no path. */
export function parsePath(text: string): Path | null {
  const parts: (string | number)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const found = PART.exec(text);
    if (found === null) return null;
    const [, name, index, quoted] = found;
    if (name !== undefined) parts.push(name);
    else if (index !== undefined) parts.push(Number(index));
    else parts.push(String(JSON.parse(quoted ?? '""')));
  }
  return parts;
}
