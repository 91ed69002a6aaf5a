/**
 * Many alarms on one timer: a wheel of ticks. Setting, moving and clearing an alarm are each a step or two however many
 * there are, and nothing is left of one that was cleared. An alarm rings at the first tick that is not before its time:
 * never early, and late by a tick at most.
 */

export interface Alarms<T> {
  /** `item` rings at `at`, and no longer at the time it was set to before. */
  set(item: T, at: number): void;
  clear(item: T): void;
  /** Rings whatever is due at `now`. */
  tick(now: number): void;
  readonly size: number;
}

/** Twenty looks a second while anything is awaited cost nothing that can be measured. */
export const TICK_MS = 50;

/** `awaited` is called whenever an alarm is set: from then on somebody must tick. */
export function createAlarms<T>(ring: (item: T) => void, awaited: () => void): Alarms<T> {
  const slots = new Map<number, Set<T>>();
  const slotByItem = new Map<T, number>();
  /** The newest slot that has rung. */
  let rung = Number.NEGATIVE_INFINITY;

  function clear(item: T): void {
    const slot = slotByItem.get(item);
    if (slot === undefined) return;
    slotByItem.delete(item);
    const items = slots.get(slot);
    items?.delete(item);
    if (items?.size === 0) slots.delete(slot);
  }

  /** The slots up to `now` that have something in them. After a jump of the clock it is quicker to look at those there are. */
  function dueSlots(now: number): readonly number[] {
    if (now - rung < slots.size)
      return Array.from({ length: now - rung }, (_, i) => rung + 1 + i).filter((slot) => slots.has(slot));
    return [...slots.keys()].filter((slot) => slot <= now).sort((a, b) => a - b);
  }

  return {
    set(item, at) {
      clear(item);
      const slot = Math.max(Math.ceil(at / TICK_MS), rung + 1);
      slotByItem.set(item, slot);
      const items = slots.get(slot);
      if (items === undefined) slots.set(slot, new Set([item]));
      else items.add(item);
      awaited();
    },
    clear,
    tick(now) {
      const slot = Math.floor(now / TICK_MS);
      const due = dueSlots(slot);
      // The clock may have been set back; what is set from now on must not wait until it has caught up.
      rung = slot;
      for (const dueSlot of due) {
        for (const item of slots.get(dueSlot) ?? []) {
          if (slotByItem.get(item) !== dueSlot) continue;
          clear(item);
          ring(item);
        }
      }
    },
    get size() {
      return slotByItem.size;
    },
  };
}
