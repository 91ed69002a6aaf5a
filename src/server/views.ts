/**
 * Views of executions, kept for a while: who looks at a running execution again and again has only what is new read and
 * folded. A long history is folded in slices, so that others are served in between.
 */

import type { Definition } from "../core/language/definition.ts";
import type { Progress } from "../core/protocol/executions.ts";
import { addEvent, createView, progressOf, type View } from "../core/protocol/view.ts";
import type { Host } from "../host/host.ts";
import { createLru, type Lru } from "../host/lru.ts";
import type { ExecutionRow } from "../ports/store.ts";
import { eventTexts, parseEvent } from "./history-pages.ts";

/** Steps of all views that are kept, together. */
const STEPS_KEPT_MAX = 200_000;

/** So many events are folded at a time: a few milliseconds. */
const SLICE = 1000;

const READ_BYTES = 1024 * 1024;

export interface Views {
  /** With every event that is stored. */
  read(row: ExecutionRow, definition: Definition): Promise<View>;
  progress(row: ExecutionRow, definition: Definition): Promise<Progress>;
}

export function createViews(host: Host): Views {
  const kept: Lru<View> = createLru(STEPS_KEPT_MAX);
  const underWay = new Map<string, Promise<View>>();

  async function catchUp(row: ExecutionRow, definition: Definition): Promise<View> {
    const known = kept.get(row.id);
    const view =
      known?.definition.hash === definition.hash
        ? known
        : createView(definition, { id: row.id, workspace: row.workspace });
    // Folding that breaks off would leave half an event behind.
    kept.delete(row.id);
    await addStored(host, view);
    kept.set(row.id, view, 10 + view.records.size);
    return view;
  }

  return {
    read,
    progress: async (row, definition) => progressOf(await read(row, definition)),
  };

  function read(row: ExecutionRow, definition: Definition): Promise<View> {
    const running = underWay.get(row.id);
    // Who comes while a fold is under way has asked after its reads began, and gets a fold of its own after it.
    const next = (running ?? Promise.resolve()).then(
      () => catchUp(row, definition),
      () => catchUp(row, definition),
    );
    underWay.set(row.id, next);
    void next.catch(() => null).finally(() => underWay.get(row.id) === next && underWay.delete(row.id));
    return next;
  }
}

async function addStored(host: Host, view: View): Promise<void> {
  const { execution } = view;
  let sinceBreak = 0;
  for (;;) {
    const packs = await host.readHistory({
      workspace: execution.workspace,
      executionId: execution.id,
      afterSeq: execution.length,
      bytesMax: READ_BYTES,
    });
    if (packs === null || packs.length === 0) return;
    for (const pack of packs) {
      for (const event of eventTexts(pack, execution.length)) {
        addEvent(view, parseEvent(event));
        sinceBreak += 1;
        if (sinceBreak === SLICE) {
          sinceBreak = 0;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    }
  }
}
