/** A text with its name, and how an offset in it becomes the line and column that a person looks for. */
export interface Source {
  /** As the caller named it; null for a text that is in no file. */
  readonly file: string | null;
  readonly text: string;
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
}

/** Both count from 1; a column counts UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function createSource(file: string | null, text: string): Source {
  const lineStarts = [0];
  for (let i = text.indexOf("\n"); i !== -1; i = text.indexOf("\n", i + 1)) lineStarts.push(i + 1);
  return { file, text, lineStarts };
}

export function positionOf(source: Source, offset: number): Position {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  // A byte order mark is no column of the first line.
  const start = low === 0 && source.text.startsWith("\uFEFF") ? 1 : (source.lineStarts[low] as number);
  return { line: low + 1, column: Math.max(1, offset - start + 1) };
}
