/** What was asked of the platform, kept by its address. A refusal is not asked again; what cannot be reached is. */

import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./call.ts";

const RETRIES_MAX = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      refetchOnWindowFocus: true,
      retry: (failures, error) =>
        failures < RETRIES_MAX && error instanceof Problem && (error.status === 0 || error.status === 503),
    },
  },
});
