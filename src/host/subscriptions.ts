/** Who hears of committed events of which execution, inside this process. */

import type { EventPack } from "../ports/store.ts";

export interface Subscriber {
  /** `isLast`: the execution has ended with this pack. */
  hear(pack: EventPack, isLast: boolean): void;
  /** Events may have been committed that nobody was told of: the store knows. */
  lookAgain(): void;
  /** Nothing will be heard any more: the host is being closed. */
  close(): void;
}

export class Subscriptions {
  private readonly byExecution = new Map<string, Set<Subscriber>>();

  get size(): number {
    return this.byExecution.size;
  }

  /** The answer ends it. */
  add(executionId: string, subscriber: Subscriber): () => void {
    const known = this.byExecution.get(executionId);
    const subscribers = known ?? new Set();
    subscribers.add(subscriber);
    if (known === undefined) this.byExecution.set(executionId, subscribers);
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.byExecution.get(executionId) === subscribers) {
        this.byExecution.delete(executionId);
      }
    };
  }

  isHeard(executionId: string): boolean {
    return this.byExecution.has(executionId);
  }

  tell(executionId: string, pack: EventPack, isLast: boolean): void {
    for (const subscriber of this.byExecution.get(executionId) ?? []) subscriber.hear(pack, isLast);
  }

  close(): void {
    for (const subscribers of this.byExecution.values()) for (const subscriber of subscribers) subscriber.close();
  }

  /** `concerns` says whose events may have been missed. */
  lookAgain(concerns: (executionId: string) => boolean): void {
    for (const [executionId, subscribers] of this.byExecution) {
      if (concerns(executionId)) for (const subscriber of subscribers) subscriber.lookAgain();
    }
  }
}
