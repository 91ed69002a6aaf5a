/** Who hears of every execution that is committed, inside this process: figures and live lists. */

import type { ExecutionRow } from "../ports/store.ts";

export interface Change {
  readonly row: ExecutionRow;
  /** The commit holds its first event. */
  readonly isNew: boolean;
  /** The commit holds a terminal event, and it has not been re-opened in the same commit. */
  readonly hasEnded: boolean;
  readonly phase: "closing" | "compensating" | null;
}

/** Called within the turn that settles a commit: it must not throw, and may do no more than note something. */
export type ChangeListener = (change: Change) => void;

export class Changes {
  private readonly listeners = new Set<ChangeListener>();

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  /** The answer ends it. */
  listen(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}
