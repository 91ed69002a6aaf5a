/** Where the pages begin: providers around the router, and nothing else. */

import "@mantine/core/styles.css";
import "./app/app.css";
import "./app/status.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/query-client.ts";
import { AnnouncerProvider } from "./app/announcer.tsx";
import { colorSchemeManager } from "./app/preferences.ts";
import { router } from "./app/router.tsx";
import { theme } from "./app/theme.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("Expected the document to have a place for the pages, but there is no #root.");
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";

// By this name a library of Mantine's (which holds the page still behind a dialog) looks for the nonce of its style.
Object.assign(globalThis, { __webpack_nonce__: nonce });

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <AnnouncerProvider>
          <RouterProvider router={router} />
        </AnnouncerProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
