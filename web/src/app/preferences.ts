/**
 * What a person has set for this browser: scheme, columns, sizes of panels. Kept in local storage, read through `parse` because
 * anything may stand there, and shared between tabs.
 */

import { localStorageColorSchemeManager } from "@mantine/core";
import { useCallback, useSyncExternalStore } from "react";

export const colorSchemeManager = localStorageColorSchemeManager({ key: "magicflow.color-scheme" });

const PREFIX = "magicflow.";
const listeners = new Set<() => void>();

/** A value that is kept: `usePreference("executions.columns", DEFAULT, parseColumns)`. `parse` answers null for what is none. */
export function usePreference<T>(
  name: string,
  fallback: T,
  parse: (value: unknown) => T | null,
): readonly [T, (value: T) => void] {
  const text = useSyncExternalStore(subscribe, () => read(name));
  const value = toValue(text, fallback, parse);
  const set = useCallback((next: T) => write(name, JSON.stringify(next)), [name]);
  return [value, set];
}

function toValue<T>(text: string | null, fallback: T, parse: (value: unknown) => T | null): T {
  if (text === null) return fallback;
  try {
    return parse(JSON.parse(text)) ?? fallback;
  } catch {
    // What stands there is not ours: the default is as good as on the first day.
    return fallback;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    // A browser may forbid storage; then nothing is kept and everything works.
    return null;
  }
}

function write(name: string, text: string): void {
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    // As above: full or forbidden.
  }
  for (const listener of listeners) listener();
}
