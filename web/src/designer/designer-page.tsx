/**
 * The designer at `/designer/{workflow}`, and at `/designer?draft=` for a draft that somebody has shared: finds the draft on the
 * platform, joins whoever edits it already, and shows the two at work.
 */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { DraftSummary } from "../../../src/core/protocol/drafts.ts";
import { Problem } from "../api/call.ts";
import { draftOf, readDraft } from "../api/drafts.ts";
import { readVersion, readWorkflow } from "../api/workflows.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { DesignerDocument } from "./document/designer-document.ts";
import { type LiveDraft, openLiveDraft } from "./document/live-draft.ts";
import { newWorkflowText } from "./new-workflow.ts";
import { Workbench } from "./workbench.tsx";

/** What is published and the draft is compared with; null for what never was. */
export interface DraftBase {
  readonly text: string;
  readonly version: string;
  /** By which a publication says which state it has seen; null: not known. */
  readonly etag: string | null;
}

interface Found {
  readonly draft: DraftSummary;
  readonly base: DraftBase | null;
}

const route = getRouteApi("/designer/$workflow");

export function DesignerPage() {
  const { workflow } = route.useParams();
  const { read } = route.useSearch();
  const found = useQuery({
    queryKey: ["designer", workflow],
    queryFn: async ({ signal }): Promise<Found> => {
      const published = await readPublished(workflow, signal);
      const draft = await draftOf(workflow, published === null ? newWorkflowText(workflow) : null);
      return { draft, base: published };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (found.isPending) return <Loading what="the workflow" />;
  return <Opened key={found.data.draft.id} found={found.data} share={null} isReadOnly={read === true} />;
}

export function SharedDraftPage({ draft, share }: { readonly draft: string; readonly share: string | null }) {
  const found = useQuery({
    queryKey: ["designer", "draft", draft, share],
    queryFn: async ({ signal }): Promise<Found> => {
      const summary = await readDraft(draft, share, signal);
      const base = summary.workflow === null ? null : await readPublished(summary.workflow, signal);
      return { draft: summary, base };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (found.isPending) return <Loading what="the draft" />;
  return <Opened key={draft} found={found.data} share={share} isReadOnly={false} />;
}

/** Null: it is only designed so far. */
export async function readPublished(workflow: string, signal?: AbortSignal): Promise<DraftBase | null> {
  try {
    const { value, etag } = await readWorkflow(workflow, signal);
    const { yaml_content: text, version } = await readVersion(workflow, value.version, signal);
    return { text, version, etag };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

interface Session {
  readonly document: DesignerDocument;
  readonly live: LiveDraft;
}

interface OpenedProps {
  readonly found: Found;
  readonly share: string | null;
  readonly isReadOnly: boolean;
}

function Opened({ found, share, isReadOnly }: OpenedProps) {
  const { draft, base } = found;
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const document = new DesignerDocument();
    const live = openLiveDraft(document.doc, draft.id, share);
    setSession({ document, live });
    return () => {
      live.close();
      document.close();
    };
  }, [draft.id, share]);
  if (session === null) return <Loading what="the draft" />;
  return <Joined session={session} draft={draft} base={base} isReadOnly={isReadOnly} />;
}

function Joined({
  session,
  draft,
  base,
  isReadOnly,
}: {
  readonly session: Session;
  readonly draft: DraftSummary;
  readonly base: DraftBase | null;
  readonly isReadOnly: boolean;
}) {
  const { document, live } = session;
  const state = useSyncExternalStore(live.subscribe, () => live.state);
  if (!state.isHere && state.refusal !== null) return <Failure error={new Error(state.refusal)} />;
  if (!state.isHere) return <Loading what="the draft" />;
  return (
    <Workbench
      name={draft.workflow ?? draft.title}
      draftId={draft.id}
      document={document}
      live={live}
      published={base}
      isForReading={isReadOnly}
    />
  );
}
