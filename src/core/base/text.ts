/** How much of an offending text a message quotes. */
const QUOTE_LENGTH_MAX = 60;

/** The text as a message quotes it: in double quotes, cut at 60 characters, control characters shown. */
export function quote(text: string): string {
  const shown = text.length > QUOTE_LENGTH_MAX ? `${text.slice(0, QUOTE_LENGTH_MAX - 1)}…` : text;
  return `"${shown.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

/** What a search for near misses may still cost, counted in letters that are compared. Several searches may share one. */
export interface Effort {
  left: number;
}

/** More slips than these are another word. */
const SLIPS_MAX = 5;
/** Longer words are no names. */
const WORD_LENGTH_MAX = 100;

/**
 * The candidate that is a near miss of `word`, for "did you mean": at most a third of its letters differ, and at most five.
 * A text of a megabyte can hold ten thousand wrong words and as many right ones: out of effort, nothing comes near.
 */
export function nearest(word: string, candidates: Iterable<string>, effort: Effort = { left: 100_000 }): string | null {
  if (word.length > WORD_LENGTH_MAX) return null;
  let best: string | null = null;
  let bestDistance = Math.min(SLIPS_MAX, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    effort.left -= 1;
    if (effort.left < 0) return best;
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    effort.left -= word.length * (2 * bestDistance + 1);
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours, the slip that fingers make most. Only what may be less than
 * `limit` is looked at: cells near the diagonal, until a whole row has reached it.
 */
function editDistance(a: string, b: string, limit: number): number {
  let beforePrevious = new Uint8Array(WORD_LENGTH_MAX + SLIPS_MAX + 2);
  let previous = beforePrevious.map((_, j) => j);
  let current = beforePrevious.slice();
  for (let i = 1; i <= a.length; i++) {
    const first = Math.max(1, i - limit);
    const last = Math.min(b.length, i + limit);
    current[first - 1] = first === 1 ? i : limit;
    let least = current[first - 1] as number;
    for (let j = first; j <= last; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) distance = Math.min(distance, (beforePrevious[j - 2] as number) + 1);
      current[j] = distance;
      if (distance < least) least = distance;
    }
    if (least >= limit) return limit;
    current[last + 1] = limit;
    [beforePrevious, previous, current] = [previous, current, beforePrevious];
  }
  return previous[b.length] as number;
}
