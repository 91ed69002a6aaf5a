/** For tests of what executions share: a record with its rows as a store would keep them. */

import type { Json } from "../base/json.ts";
import type { Instant } from "../base/time.ts";
import type { Consequences, SharedKind } from "./kind.ts";

export interface Record<State, Command, Answer> {
  readonly state: State;
  readonly rows: ReadonlyMap<string, Json>;
  send(command: Command, now: Instant): { readonly answer: Answer; readonly sends: Consequences["sends"] };
  dueAt(): Instant | null;
  isIdle(): boolean;
  /** As it would be after a crash. */
  restored(): State;
}

export function openRecord<State, Command, Event, Answer>(
  kind: SharedKind<State, Command, Event, Answer>,
): Record<State, Command, Answer> {
  const state = kind.create();
  const rows = new Map<string, Json>();
  return {
    state,
    rows,
    send(command, now) {
      const { events, answer } = kind.decide(state, command, now);
      const follows = events.map((event) => kind.consequencesOf(state, event));
      for (const { member, body } of follows.flatMap((each) => each.rows)) {
        if (body === null) rows.delete(member);
        else rows.set(member, body);
      }
      return { answer, sends: follows.flatMap((each) => each.sends) };
    },
    dueAt: () => kind.dueAt(state),
    isIdle: () => kind.isIdle(state),
    restored() {
      const again = kind.create();
      for (const [member, body] of rows) kind.restore(again, member, structuredClone(body));
      return again;
    },
  };
}
