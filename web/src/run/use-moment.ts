/**
 * The moment that is shown: an event of the history, or now. It can be played, at any speed: what happened within a second takes
 * its time, longer silences are cut to one. The address follows a little later, so that playing does not fill the history of
 * the browser.
 */

import { useCallback, useEffect, useRef, useState } from "react";
import type { RunModel } from "./run-model.ts";

export interface Moment {
  /** The number of the last event that has happened. */
  readonly seq: number;
  /** Whether it follows the end. */
  readonly isNow: boolean;
  readonly isPlaying: boolean;
  readonly speed: number;
  readonly go: (seq: number | null) => void;
  readonly play: () => void;
  readonly pause: () => void;
  readonly setSpeed: (speed: number) => void;
}

const SILENCE_MS_MAX = 1000;
const ADDRESS_MS = 150;

export function useMoment(
  model: RunModel,
  inAddress: number | undefined,
  write: (at: number | undefined) => void,
): Moment {
  const [at, setAt] = useState<number | null>(inAddress ?? null);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const written = useRef(inAddress);
  const save = useRef(write);
  save.current = write;
  const last = model.lastSeq;

  // The address changed under us: a link, or the way back.
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress;
    setAt(inAddress ?? null);
  }, [inAddress]);

  useEffect(() => {
    const next = at ?? undefined;
    if (next === written.current) return;
    const timer = setTimeout(() => {
      written.current = next;
      save.current(next);
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [at]);

  useEffect(() => {
    if (!isPlaying) return;
    let frame = 0;
    let before = performance.now();
    let budget = 0;
    const step = (now: number) => {
      budget += (now - before) * speed;
      before = now;
      setAt((seq) => {
        let next = seq ?? 1;
        for (;;) {
          const gap = gapAfter(model, next);
          if (gap === null || gap > budget) break;
          budget -= gap;
          next += 1;
        }
        return next;
      });
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, speed, model]);

  useEffect(() => {
    if (isPlaying && at !== null && at >= last) setPlaying(false);
  }, [isPlaying, at, last]);

  const go = useCallback(
    (seq: number | null) => {
      setPlaying(false);
      setAt(seq === null ? null : Math.min(Math.max(1, seq), Math.max(1, model.lastSeq)));
    },
    [model],
  );
  const play = useCallback(() => {
    setAt((seq) => (seq === null || seq >= model.lastSeq ? 1 : seq));
    setPlaying(true);
  }, [model]);
  const pause = useCallback(() => setPlaying(false), []);
  return {
    seq: at === null ? last : Math.min(at, last),
    isNow: at === null,
    isPlaying,
    speed,
    go,
    play,
    pause,
    setSpeed,
  };
}

/** How long it takes in the play from an event to the next; null: there is none. */
function gapAfter(model: RunModel, seq: number): number | null {
  const now = model.eventAt(seq);
  const next = model.eventAt(seq + 1);
  if (now === null || next === null) return null;
  return Math.min(SILENCE_MS_MAX, Math.max(1, Date.parse(next.at) - Date.parse(now.at)));
}
