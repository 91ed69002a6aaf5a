/** Texts shown as code. The editor behind it is large, so it comes when the first text is shown, and not before. */

import "./code.css";
import { lazy, Suspense } from "react";
import { Loading } from "../app/page-states.tsx";
import type { DifferProps } from "./differ.tsx";
import type { ReaderProps } from "./reader.tsx";

const Reader = lazy(() => import("./reader.tsx"));
const Differ = lazy(() => import("./differ.tsx"));

export function CodeView(props: ReaderProps) {
  return (
    <Suspense fallback={<Loading what="the text" />}>
      <Reader {...props} />
    </Suspense>
  );
}

export function CodeDiff(props: DifferProps) {
  return (
    <Suspense fallback={<Loading what="what has changed" />}>
      <Differ {...props} />
    </Suspense>
  );
}
