/** The document as a file: its text, or its drawing. */

import type { Picture } from "../../../src/core/language/picture.ts";
import type { Positions } from "../graph/layout.ts";
import { toSvg } from "../graph/svg.ts";

/** Browsers refuse to draw larger pictures. */
const PIXELS_MAX = 8000;

export function saveYaml(name: string, text: string): void {
  save(`${name}.yaml`, new Blob([text], { type: "application/yaml" }));
}

export function saveSvg(name: string, picture: Picture, positions: Positions): void {
  save(`${name}.svg`, new Blob([toSvg(picture, positions).text], { type: "image/svg+xml" }));
}

export async function savePng(name: string, picture: Picture, positions: Positions): Promise<void> {
  const { text, width, height } = toSvg(picture, positions);
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = address;
    await image.decode();
    const scale = Math.min(2, PIXELS_MAX / width, PIXELS_MAX / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob === null) throw new Error("Expected the browser to draw the picture, but it is too large.");
    save(`${name}.png`, blob);
  } finally {
    URL.revokeObjectURL(address);
  }
}

function save(file: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = file;
  link.click();
  URL.revokeObjectURL(address);
}
