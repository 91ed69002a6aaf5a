/** Two panels side by side, with a bar between them that is dragged or moved by arrow keys; narrow pages stack them. */

import "./split-pane.css";
import { type ReactNode, type PointerEvent as ReactPointerEvent, useRef } from "react";
import { usePreference } from "../app/preferences.ts";

interface SplitPaneProps {
  /** Under which the width is remembered. */
  readonly name: string;
  readonly label: string;
  readonly main: ReactNode;
  /** Null: the main panel has all the room. */
  readonly side: ReactNode | null;
}

const WIDTH = 400;
const WIDTH_MIN = 280;
const WIDTH_MAX = 900;

export function SplitPane({ name, label, main, side }: SplitPaneProps) {
  const [width, setWidth] = usePreference(`${name}.width`, WIDTH, toWidth);
  const start = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const move = (event: ReactPointerEvent) => {
    if (start.current !== null) setWidth(within(start.current.width + start.current.x - event.clientX));
  };
  return (
    <div className="mf-split" data-open={side !== null || undefined} style={{ "--mf-side": `${width}px` } as object}>
      <div className="mf-split-main">{main}</div>
      {side === null ? null : (
        <>
          <div
            role="separator"
            aria-orientation="vertical"
            aria-label={label}
            aria-valuenow={width}
            aria-valuemin={WIDTH_MIN}
            aria-valuemax={WIDTH_MAX}
            tabIndex={0}
            className="mf-split-bar"
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              start.current = { x: event.clientX, width };
            }}
            onPointerMove={move}
            onPointerUp={() => {
              start.current = null;
            }}
            onKeyDown={(event) => {
              const step = event.key === "ArrowLeft" ? 24 : event.key === "ArrowRight" ? -24 : 0;
              if (step === 0) return;
              event.preventDefault();
              event.stopPropagation();
              setWidth(within(width + step));
            }}
          />
          <div className="mf-split-side">{side}</div>
        </>
      )}
    </div>
  );
}

function within(width: number): number {
  return Math.round(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width)));
}

function toWidth(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? within(value) : null;
}
