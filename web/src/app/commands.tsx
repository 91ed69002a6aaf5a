/**
 * What can be done by name. Pages add their own commands to the palette for as long as they are shown:
 *
 *     useCommands("Execution", [{ id: "cancel", label: "Cancel this execution", run: cancel, keys: "shift+X" }]);
 */

import { useEffect, useSyncExternalStore } from "react";

export interface PageCommand {
  readonly id: string;
  readonly label: string;
  /** As people read it: `Shift X`. */
  readonly keys?: string;
  readonly run: () => void;
}

export interface CommandGroup {
  readonly label: string;
  readonly commands: readonly PageCommand[];
}

let groups: readonly CommandGroup[] = [];
const listeners = new Set<() => void>();

/** `commands` should be stable (a memo): each new array is a change of the list. */
export function useCommands(label: string, commands: readonly PageCommand[]): void {
  useEffect(() => {
    const group = { label, commands };
    change([...groups, group]);
    return () => change(groups.filter((other) => other !== group));
  }, [label, commands]);
}

export function useCommandGroups(): readonly CommandGroup[] {
  return useSyncExternalStore(subscribe, () => groups);
}

function change(next: readonly CommandGroup[]): void {
  groups = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
