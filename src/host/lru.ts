/** Keeps what was used last, up to a weight. The caller loses nothing but time by what is dropped. */
export interface Lru<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, weight: number): void;
  delete(key: string): void;
  readonly weight: number;
  readonly size: number;
}

export function createLru<V>(weightMax: number): Lru<V> {
  // A map keeps the order of insertion: the first entry is the one that was not asked for longest.
  const entries = new Map<string, { readonly value: V; readonly weight: number }>();
  let total = 0;
  /** Who was asked for last need not be moved to the end. */
  let newest: string | null = null;

  function remove(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    total -= entry.weight;
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (key !== newest) {
        entries.delete(key);
        entries.set(key, entry);
        newest = key;
      }
      return entry.value;
    },
    set(key, value, weight) {
      remove(key);
      entries.set(key, { value, weight });
      newest = key;
      total += weight;
      for (const oldest of entries.keys()) {
        // What was just set stays even if it is heavier than all there may be: somebody is about to use it.
        if (total <= weightMax || oldest === key) break;
        remove(oldest);
      }
    },
    delete: remove,
    get weight() {
      return total;
    },
    get size() {
      return entries.size;
    },
  };
}
