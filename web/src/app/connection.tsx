/** Whether the platform answers: asked of its readiness, said in a word beside a dot. */

import { useQuery } from "@tanstack/react-query";
import { call } from "../api/call.ts";

interface Readiness {
  readonly status: string;
}

const ASK_MS = 10_000;

export function Connection() {
  const { data, isError, isPending } = useQuery({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => call<Readiness>("GET", "/ready", { signal }),
    refetchInterval: ASK_MS,
    retry: false,
  });
  if (isPending) return null;
  const [tone, word] = isError
    ? (["bad", "Not ready"] as const)
    : data.status === "ok"
      ? (["good", "Ready"] as const)
      : (["waiting", data.status] as const);
  return (
    <span className="mf-connection" data-tone={tone} role="status">
      <span className="mf-connection-dot" aria-hidden />
      {word}
    </span>
  );
}
