/** How the pages look: one accent, neutral grounds, and the same words of colour for a status everywhere (see `status.css`). */

import { createTheme, Drawer, type MantineColorsTuple, Modal } from "@mantine/core";

const violet: MantineColorsTuple = [
  "#f1efff",
  "#e0dcff",
  "#beb6fb",
  "#9a8ef6",
  "#7c6df1",
  "#6858ee",
  "#5b4be0",
  "#4a3bc4",
  "#4034b0",
  "#352b99",
];

const CLOSE = { closeButtonProps: { "aria-label": "Close" } } as const;

export const theme = createTheme({
  // A cross is no word: whoever cannot see it hears one.
  components: { Modal: Modal.extend({ defaultProps: CLOSE }), Drawer: Drawer.extend({ defaultProps: CLOSE }) },
  primaryColor: "violet",
  // The shades on which white text keeps a contrast of 4.5: which text stands on a ground does not follow the scheme.
  primaryShade: { light: 6, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  colors: { violet },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "JetBrains Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.5rem", lineHeight: "1.25" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } },
  },
});
