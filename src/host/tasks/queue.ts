/**
 * The tasks of one executor that wait to be taken, and whose turn it is.
 *
 *     group (function, labels) ──► level (priority) ──► workflows in turn ──► oldest first
 *                                                  └──► all of the level, by age
 *
 * The highest priority is served first. Within it workflows take turns, so that a thousand tasks of one do not stand
 * before the single task of another; within a workflow the oldest is first. Every fourth task handed out goes to the one
 * that has waited longest of all, if that is long: so a low priority is slow, but never starved.
 */

import { canonicalJson, equals, type JsonObject, member } from "../../core/base/json.ts";
import type { Instant } from "../../core/base/time.ts";
import type { Entry } from "./entry.ts";
import { createLine, joinAtEnd, joinAtFront, type Line, leave, type Spot } from "./line.ts";

export interface TaskQueue {
  add(entry: Entry): void;
  /** Answers false if it was not here. */
  remove(entry: Entry): boolean;
  /** The next task that `filter` lets through, or null. */
  take(filter: TaskFilter, now: Instant): Entry | null;
  readonly length: number;
  /** When the oldest task was made; null: it is empty. */
  readonly oldest: Instant | null;
}

export interface TaskFilter {
  /** Null: all. */
  readonly functions: ReadonlySet<string> | null;
  /** What the instance has; a task needs each of its own labels among them. */
  readonly labels: JsonObject;
}

/** Who has waited this long may be served before a higher priority. */
const AGED_MS = 30_000;

/** One task in this many goes by age. */
const AGED_TURN = 4;

interface Group {
  readonly key: string;
  readonly function: string;
  readonly labels: JsonObject;
  readonly levels: Map<number, Level>;
}

type Groups = ReadonlyMap<string, Group>;

interface Level {
  readonly priority: number;
  /** In the order of their next turns. */
  readonly turns: Line<Share>;
  readonly shares: Map<string, Share>;
  readonly byAge: Line<Entry>;
  /** Count of the queue's takes when this level last gave one: groups take turns as well. */
  servedAt: number;
}

/** What one workflow has in a level. */
interface Share {
  readonly workflow: string;
  readonly line: Line<Entry>;
  turn: Spot<Share> | null;
}

interface Seat {
  readonly group: Group;
  readonly level: Level;
  readonly share: Share;
  readonly inShare: Spot<Entry>;
  readonly inLevel: Spot<Entry>;
}

export function createQueue(): TaskQueue {
  const groups = new Map<string, Group>();
  const seats = new Map<Entry, Seat>();
  let taken = 0;

  function add(entry: Entry): void {
    const group = groupOf(groups, entry);
    const level = levelOf(group, entry.task.priority, taken);
    const share = shareOf(level, entry.task.workflow);
    const join = entry.deliveries > 0 ? joinAtFront : joinAtEnd;
    const inShare = join(share.line, entry, isOlder);
    const inLevel = join(level.byAge, entry, isOlder);
    share.turn ??= joinAtEnd(level.turns, share, never);
    seats.set(entry, { group, level, share, inShare, inLevel });
  }

  function remove(entry: Entry): boolean {
    const seat = seats.get(entry);
    if (seat === undefined) return false;
    const { group, level, share } = seat;
    seats.delete(entry);
    leave(share.line, seat.inShare);
    leave(level.byAge, seat.inLevel);
    if (share.line.first === null) {
      if (share.turn !== null) leave(level.turns, share.turn);
      level.shares.delete(share.workflow);
    }
    if (level.byAge.first === null) group.levels.delete(level.priority);
    if (group.levels.size === 0) groups.delete(group.key);
    return true;
  }

  function take(filter: TaskFilter, now: Instant): Entry | null {
    const entry = ((taken + 1) % AGED_TURN === 0 ? aged(groups, filter, now) : null) ?? next(groups, filter);
    if (entry === null) return null;
    taken += 1;
    passTurn(entry);
    remove(entry);
    return entry;
  }

  /** The workflow that was served goes to the end of its level's turns. */
  function passTurn(entry: Entry): void {
    const seat = seats.get(entry);
    if (seat === undefined) return;
    seat.level.servedAt = taken;
    if (seat.share.turn === null) return;
    leave(seat.level.turns, seat.share.turn);
    seat.share.turn = joinAtEnd(seat.level.turns, seat.share, never);
  }

  return {
    add,
    remove,
    take,
    get length() {
      return seats.size;
    },
    get oldest() {
      return oldestOf(groups, null)?.task.createdAt ?? null;
    },
  };
}

function fits(group: Group, filter: TaskFilter): boolean {
  return (filter.functions === null || filter.functions.has(group.function)) && hasLabels(filter.labels, group.labels);
}

/** Whether `has` contains every label of `needs`. */
export function hasLabels(has: JsonObject, needs: JsonObject): boolean {
  for (const name in needs) {
    const value = member(has, name);
    if (value === undefined || !equals(value, needs[name] ?? null)) return false;
  }
  return true;
}

function aged(groups: Groups, filter: TaskFilter, now: Instant): Entry | null {
  const oldest = oldestOf(groups, filter);
  return oldest !== null && now - oldest.task.createdAt >= AGED_MS ? oldest : null;
}

/** `filter` null: of all. */
function oldestOf(groups: Groups, filter: TaskFilter | null): Entry | null {
  let oldest: Entry | null = null;
  for (const group of groups.values()) {
    if (filter !== null && !fits(group, filter)) continue;
    for (const level of group.levels.values()) {
      const first = level.byAge.first?.value;
      if (first !== undefined && (oldest === null || isOlder(first, oldest))) oldest = first;
    }
  }
  return oldest;
}

function next(groups: Groups, filter: TaskFilter): Entry | null {
  let best: Level | null = null;
  for (const group of groups.values()) {
    if (!fits(group, filter)) continue;
    for (const level of group.levels.values()) if (best === null || goesBefore(level, best)) best = level;
  }
  return best?.turns.first?.value.line.first?.value ?? null;
}

function goesBefore(a: Level, b: Level): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.servedAt < b.servedAt);
}

function isOlder(a: Entry, b: Entry): boolean {
  return a.task.createdAt < b.task.createdAt;
}

function never(): boolean {
  return false;
}

function groupOf(groups: Map<string, Group>, entry: Entry): Group {
  const { labels } = entry.task;
  // Few tasks have labels, and all tasks pass by here.
  const key = isEmpty(labels) ? entry.task.function : `${entry.task.function}\n${canonicalJson(labels)}`;
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Group = { key, function: entry.task.function, labels, levels: new Map() };
  groups.set(key, group);
  return group;
}

function isEmpty(labels: JsonObject): boolean {
  for (const _ in labels) return false;
  return true;
}

function levelOf(group: Group, priority: number, taken: number): Level {
  const known = group.levels.get(priority);
  if (known !== undefined) return known;
  const level: Level = { priority, turns: createLine(), shares: new Map(), byAge: createLine(), servedAt: taken };
  group.levels.set(priority, level);
  return level;
}

function shareOf(level: Level, workflow: string): Share {
  const known = level.shares.get(workflow);
  if (known !== undefined) return known;
  const share: Share = { workflow, line: createLine(), turn: null };
  level.shares.set(workflow, share);
  return share;
}
