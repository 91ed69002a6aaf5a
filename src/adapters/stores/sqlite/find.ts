/**
 * Lists of executions.
 *
 * One filter, the one that leaves least, gives the index to walk along; the others look at the rows that the
 * walk meets:
 *
 *     walk one index in order ──► the next keys ──► their rows ──► the other filters ──► page
 *
 * Where the other filters let little through, a walk could be as long as the table. So it goes in slices, between which
 * the thread answers others, and ends after a bounded number of rows with a shorter page and the cursor to go on with.
 */

import type { SQLInputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { ExecutionQuery, RowStatus } from "../../../ports/store.ts";
import { formatCursor, type Position, parseCursor } from "../cursor.ts";
import { foldCase } from "../search.ts";
import { AT, type StoredExecution } from "./codec.ts";
import { EXECUTION_COLUMNS } from "./schema.ts";
import { inSnapshot, type Statements } from "./statements.ts";

/** The query as it crosses to the thread: search attributes as their stored texts. */
export interface StoredQuery extends Omit<ExecutionQuery, "metadata"> {
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export interface FoundPage {
  readonly rows: readonly StoredExecution[];
  readonly nextCursor: string | null;
}

/** A slice of this many rows takes a few milliseconds, also where text is searched. */
const SLICE_MAX = 1_000;

/** How many rows one page looks through at most. */
const WALKED_MAX = 20_000;

export async function findExecutions(statements: Statements, query: StoredQuery): Promise<FoundPage> {
  const oldestFirst = query.oldestFirst ?? false;
  const cursor = parseCursor(query);
  const rows: StoredExecution[] = [];
  let range = rangeOf(query, cursor);
  const { walks, rest } = planOf(statements, query, range);
  let slice = query.limit + 1;
  for (let walked = 0; ; ) {
    const steps = inSnapshot(statements, () => {
      const met = nextSteps(statements, walks, range, oldestFirst, slice);
      rows.push(...rowsOf(statements, met, rest));
      return met;
    });
    // One row more than asked tells that there is a next page.
    if (rows.length > query.limit) {
      const page = rows.slice(0, query.limit);
      return { rows: page, nextCursor: cursorAfter(page, cursor, oldestFirst) };
    }
    const last = steps.at(-1);
    if (last === undefined || steps.length < slice) return { rows, nextCursor: null };
    walked += steps.length;
    const position = { createdAt: last[0], id: last[1] };
    if (walked >= WALKED_MAX) return { rows, nextCursor: formatCursor(position, oldestFirst) };
    range = rangeOf(query, position);
    slice = Math.max(query.limit + 1, SLICE_MAX);
    await nextTurn();
  }
}

/** A page of no rows goes on where it began. */
function cursorAfter(page: readonly StoredExecution[], began: Position | null, oldestFirst: boolean): string | null {
  const last = page.at(-1);
  if (last !== undefined) return formatCursor({ createdAt: last[AT.createdAt], id: last[AT.id] }, oldestFirst);
  return began === null ? null : formatCursor(began, oldestFirst);
}

// -- the plan: along which index, and what else must hold

/** Entries of one index that are in the order of the list, and where each names its execution. */
interface Walk {
  readonly from: string;
  readonly where: string;
  readonly key: "key" | "execution";
  readonly parameters: readonly SQLInputValue[];
}

/** A condition on a row `e`. Where it has walks, together they meet exactly the rows for which it holds. */
interface Filter {
  readonly where: string;
  readonly parameters: readonly SQLInputValue[];
  readonly walks: readonly Walk[] | null;
}

interface Plan {
  readonly walks: readonly Walk[];
  readonly rest: readonly Filter[];
}

function planOf(statements: Statements, query: StoredQuery, range: Range): Plan {
  const filters = filtersOf(query);
  const chosen = fewestOf(statements, filters, range);
  const all = walkOf("execution_by_time", "workspace = ?", [query.workspace]);
  return { walks: chosen?.walks ?? [all], rest: filters.filter((filter) => filter !== chosen) };
}

/** An index is asked for so many of its entries to see how long its walk is: a fraction of a millisecond. */
const COUNTED_MAX = 2_000;

/** The filter with the shortest walk; the first of those whose walks are all long. */
function fewestOf(statements: Statements, filters: readonly Filter[], range: Range): Filter | undefined {
  const walked = filters.filter(({ walks }) => walks !== null);
  if (walked.length < 2) return walked[0];
  let chosen = walked[0];
  let fewest = COUNTED_MAX;
  for (const filter of walked) {
    let count = 0;
    for (const walk of filter.walks ?? []) count += countEntries(statements, walk, range, fewest - count);
    if (count >= fewest) continue;
    chosen = filter;
    fewest = count;
  }
  return chosen;
}

function countEntries(statements: Statements, { from, where, parameters }: Walk, range: Range, max: number): number {
  const { lower, upper } = range;
  const sql = `select count(*) from (select 1 from ${from} where ${where}
    and (created_at, id) >= (?, ?) and (created_at, id) < (?, ?) limit ?)`;
  const ends = [lower.createdAt, lower.id, upper.createdAt, upper.id];
  const [count] = statements(sql).get(...parameters, ...ends, Math.max(0, max)) as unknown as readonly [number];
  return count;
}

/** In the order of what is likely to leave least, for where no walk is short. */
function filtersOf(query: StoredQuery): readonly Filter[] {
  const { workspace, workflow, version, statuses, tag, parentId, errorCode, quarantined, deadLetter } = query;
  const filters: (Filter | null)[] = [
    ...query.attributes.map(([name, value]) => attributeFilter(workspace, name, value)),
    tag === undefined ? null : tagFilter(workspace, tag),
    parentId === undefined ? null : columnFilter("parent_id", "execution_by_parent", workspace, parentId),
    errorCode === undefined ? null : columnFilter("error_code", "execution_by_error", workspace, errorCode),
    quarantined === undefined ? null : quarantineFilter(workspace, quarantined),
    deadLetter === undefined ? null : deadLetterFilter(workspace, deadLetter),
  ];
  const byWorkflow =
    workflow === undefined ? null : columnFilter("workflow", "execution_by_workflow", workspace, workflow);
  const byStatus = statuses === undefined ? null : statusFilter(workspace, [...new Set(statuses)]);
  // Nearly everything ends as completed: that says less than the workflow does, the other statuses say more.
  filters.push(...(statuses?.includes("completed") ? [byWorkflow, byStatus] : [byStatus, byWorkflow]));
  if (version !== undefined) filters.push({ where: "e.version = ?", parameters: [version], walks: null });
  if (query.text !== undefined && query.text !== "") filters.push(textFilter(query.text));
  return filters.filter((filter) => filter !== null);
}

function attributeFilter(workspace: string, name: string, value: string): Filter {
  return sideTableFilter("attribute", "workspace = ? and name = ? and value = ?", [workspace, name, value]);
}

function tagFilter(workspace: string, tag: string): Filter {
  return sideTableFilter("tag", "workspace = ? and tag = ?", [workspace, tag]);
}

function sideTableFilter(table: string, where: string, parameters: readonly SQLInputValue[]): Filter {
  const own = `select 1 from ${table} s where ${where} and s.created_at = e.created_at and s.id = e.id`;
  return { where: `exists (${own})`, parameters, walks: [{ from: table, where, key: "execution", parameters }] };
}

function columnFilter(column: string, index: string, workspace: string, value: string): Filter {
  return {
    where: `e.${column} = ?`,
    parameters: [value],
    walks: [walkOf(index, `workspace = ? and ${column} = ?`, [workspace, value])],
  };
}

function quarantineFilter(workspace: string, quarantined: boolean): Filter {
  if (!quarantined) return { where: "e.quarantine is null", parameters: [], walks: null };
  const walk = walkOf("execution_quarantined", "workspace = ? and quarantine is not null", [workspace]);
  return { where: "e.quarantine is not null", parameters: [], walks: [walk] };
}

function deadLetterFilter(workspace: string, deadLetter: boolean): Filter {
  if (!deadLetter) return { where: "e.dead_letter = 0", parameters: [], walks: null };
  const walk = walkOf("execution_dead", "workspace = ? and dead_letter = 1", [workspace]);
  return { where: "e.dead_letter = 1", parameters: [], walks: [walk] };
}

/** One walk for each status; their steps are merged. */
function statusFilter(workspace: string, statuses: readonly RowStatus[]): Filter {
  return {
    where: `e.status in (${statuses.map(() => "?").join(", ")})`,
    parameters: statuses,
    walks: statuses.map((status) => walkOf("execution_by_status", "workspace = ? and status = ?", [workspace, status])),
  };
}

/** `has_text` is ours, see `reader.ts`. */
function textFilter(text: string): Filter {
  const where = "has_text(e.id, e.workflow, e.error_message, e.metadata, ?)";
  return { where, parameters: [foldCase(text)], walks: null };
}

function walkOf(index: string, where: string, parameters: readonly SQLInputValue[]): Walk {
  return { from: `execution indexed by ${index}`, where, key: "key", parameters };
}

// -- the walk

/** Both ends of what is still to be walked; the lower one belongs to it unless a cursor has been there. */
interface Range {
  readonly lower: Position;
  readonly isLowerSeen: boolean;
  readonly upper: Position;
}

type Step = readonly [createdAt: number, id: string, key: number];

/** Nothing sorts before the empty id: a time with it is the beginning of that millisecond. */
function rangeOf(query: StoredQuery, after: Position | null): Range {
  const from = { createdAt: query.createdFrom ?? Number.MIN_SAFE_INTEGER, id: "" };
  const before = { createdAt: query.createdBefore ?? Number.MAX_SAFE_INTEGER, id: "" };
  if (after === null) return { lower: from, isLowerSeen: false, upper: before };
  if (query.oldestFirst) {
    if (after.createdAt < from.createdAt) return { lower: from, isLowerSeen: false, upper: before };
    return { lower: after, isLowerSeen: true, upper: before };
  }
  return { lower: from, isLowerSeen: false, upper: after.createdAt < before.createdAt ? after : before };
}

function nextSteps(
  statements: Statements,
  walks: readonly Walk[],
  { lower, isLowerSeen, upper }: Range,
  oldestFirst: boolean,
  count: number,
): readonly Step[] {
  const direction = oldestFirst ? "asc" : "desc";
  const steps = walks.map(({ from, where, key, parameters }) => {
    const sql = `select created_at, id, ${key} from ${from} where ${where}
      and (created_at, id) ${isLowerSeen ? ">" : ">="} (?, ?) and (created_at, id) < (?, ?)
      order by created_at ${direction}, id ${direction} limit ?`;
    const ends = [lower.createdAt, lower.id, upper.createdAt, upper.id];
    return statements(sql).all(...parameters, ...ends, count) as unknown as readonly Step[];
  });
  const [only] = steps;
  if (steps.length <= 1) return only ?? [];
  const sign = oldestFirst ? 1 : -1;
  return steps
    .flat()
    .toSorted((a, b) => sign * compareSteps(a, b))
    .slice(0, count);
}

/** As SQLite compares: ids by their bytes in UTF-8. */
function compareSteps([createdAt, id]: Step, [otherCreatedAt, otherId]: Step): number {
  return createdAt - otherCreatedAt || Buffer.compare(Buffer.from(id), Buffer.from(otherId));
}

const KEYED_COLUMNS = ["e.key", ...EXECUTION_COLUMNS.map((column) => `e.${column}`)].join(", ");

/** The rows at `steps` for which the rest of the filters holds, in the order of the steps. */
function rowsOf(statements: Statements, steps: readonly Step[], rest: readonly Filter[]): readonly StoredExecution[] {
  const where = ["e.key in (select value from json_each(?))", ...rest.map((filter) => filter.where)].join(" and ");
  const keys = JSON.stringify(steps.map(([, , key]) => key));
  const found = statements(`select ${KEYED_COLUMNS} from execution e where ${where}`).all(
    keys,
    ...rest.flatMap((filter) => filter.parameters),
  ) as unknown as readonly (readonly [key: number, ...StoredExecution])[];
  const byKey = new Map(found.map(([key, ...row]) => [key, row]));
  return steps.flatMap(([, , key]) => {
    const row = byKey.get(key);
    return row === undefined ? [] : [row];
  });
}
