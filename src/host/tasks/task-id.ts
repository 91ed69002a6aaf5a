/** A task's id says which attempt it is: `{execution}/{path}/{attempt}`. */
export interface TaskPlace {
  readonly executionId: string;
  readonly path: string;
  readonly attempt: number;
}

/** Longer than any id that the platform makes of names at most 63 long, nested as deep as a workflow may be. */
const TASK_ID_LENGTH_MAX = 8192;

/** Reads from both ends: neither an execution's id nor an attempt's number has a slash. Null: not one of our ids. */
export function parseTaskId(id: string): TaskPlace | null {
  if (id.length > TASK_ID_LENGTH_MAX) return null;
  const first = id.indexOf("/");
  const last = id.lastIndexOf("/");
  if (first < 1 || last <= first + 1) return null;
  const digits = id.slice(last + 1);
  if (!/^[1-9]\d{0,8}$/.test(digits)) return null;
  return { executionId: id.slice(0, first), path: id.slice(first + 1, last), attempt: Number(digits) };
}
