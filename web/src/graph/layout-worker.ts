/** Works places out beside the page, so that a large workflow never holds up typing. */

import type { Picture } from "../../../src/core/language/picture.ts";
import { layoutOf, type Positions } from "./layout.ts";

export interface LayoutRequest {
  readonly turn: number;
  readonly picture: Picture;
  readonly positions: Positions;
}

self.addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => {
  self.postMessage({ turn: data.turn, layout: layoutOf(data.picture, data.positions) });
});
