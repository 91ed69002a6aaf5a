/**
 * Calls `changed` soon after something has changed in the workspace: what many changes ask for together is asked once.
 *
 *     change ─► wait 300 ms for more ─► changed()
 */

import { useEffect, useRef } from "react";
import { followStream } from "./event-stream.ts";

const GATHER_MS = 300;

export function useLiveChanges(kinds: string, changed: () => void): void {
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    followStream({
      path: () => `/api/v1/stream?kinds=${encodeURIComponent(kinds)}`,
      lastId: null,
      endsForGood: false,
      signal: stop.signal,
      hear: () => {
        timer ??= setTimeout(() => {
          timer = null;
          latest.current();
        }, GATHER_MS);
      },
    }).catch(() => {
      // Refused: the figures are asked for by time as well, and say what is wrong.
    });
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [kinds]);
}
