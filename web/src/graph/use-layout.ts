/** The layout of a picture: at once where it is small, from a worker where it is large. Until that answers, the last one. */

import { useEffect, useMemo, useRef, useState } from "react";
import type { Picture } from "../../../src/core/language/picture.ts";
import { type Layout, layoutOf, type Positions } from "./layout.ts";

/** Below this a layout takes less than a frame or two, and a worker would only bring a flicker. */
const AT_ONCE_MAX = 40;

export interface LaidOut {
  readonly picture: Picture;
  readonly layout: Layout;
}

export function useLayout(picture: Picture, positions: Positions): LaidOut | null {
  const isSmall = picture.nodes.length <= AT_ONCE_MAX;
  const atOnce = useMemo(
    () => (isSmall ? { picture, layout: layoutOf(picture, positions) } : null),
    [isSmall, picture, positions],
  );
  const [answered, setAnswered] = useState<LaidOut | null>(null);
  const worker = useRef<Worker | null>(null);
  const turn = useRef(0);
  useEffect(
    () => () => {
      worker.current?.terminate();
      worker.current = null;
    },
    [],
  );
  useEffect(() => {
    if (isSmall) return;
    worker.current ??= new Worker(new URL("./layout-worker.ts", import.meta.url), { type: "module" });
    const mine = ++turn.current;
    const listen = ({ data }: MessageEvent<{ readonly turn: number; readonly layout: Layout }>) => {
      if (data.turn === mine) setAnswered({ picture, layout: data.layout });
    };
    const open = worker.current;
    open.addEventListener("message", listen);
    open.postMessage({ turn: mine, picture, positions });
    return () => open.removeEventListener("message", listen);
  }, [isSmall, picture, positions]);
  return atOnce ?? answered;
}
