/** What a component sees of the document: a part of its state, drawn anew only when that part has changed. */

import { useSyncExternalStore } from "react";
import type { DesignerDocument, DesignerState } from "./designer-document.ts";

export function useDesigner<T>(document: DesignerDocument, select: (state: DesignerState) => T): T {
  return useSyncExternalStore(document.subscribe, () => select(document.state));
}
