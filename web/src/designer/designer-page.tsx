/** The designer at `/designer/{workflow}`: reads what is published, opens the draft upon it, and shows the two at work. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Problem } from "../api/call.ts";
import { readWorkflow } from "../api/workflows.ts";
import { Failure, Loading } from "../app/page-states.tsx";
import { DesignerDocument } from "./document/designer-document.ts";
import { type DraftBase, keepDraft, type OpenDraft } from "./document/drafts.ts";
import { newWorkflowText } from "./new-workflow.ts";
import { Workbench } from "./workbench.tsx";

const route = getRouteApi("/designer/$workflow");

export function DesignerPage() {
  const { workflow } = route.useParams();
  const published = useQuery({
    queryKey: ["designer", workflow],
    queryFn: async ({ signal }): Promise<DraftBase | null> => {
      try {
        const { value } = await readWorkflow(workflow, signal);
        return { text: value.yaml_content, version: value.version };
      } catch (error) {
        // One that is only designed so far.
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  if (published.isError) return <Failure error={published.error} retry={() => void published.refetch()} />;
  if (published.isPending) return <Loading what="the workflow" />;
  return <Opened key={workflow} name={workflow} published={published.data} />;
}

export type SaveState = "saving" | "saved" | "failed";

interface Session {
  readonly document: DesignerDocument;
  readonly draft: OpenDraft & { readonly close: () => void; readonly setBase: (base: DraftBase) => void };
}

function Opened({ name, published }: { readonly name: string; readonly published: DraftBase | null }) {
  const [session, setSession] = useState<Session | null>(null);
  const [saved, setSaved] = useState<SaveState>("saved");
  useEffect(() => {
    const document = new DesignerDocument();
    const draft = keepDraft(name, document, published, published?.text ?? newWorkflowText(name), setSaved);
    setSession({ document, draft });
    return () => {
      draft.close();
      document.close();
    };
  }, [name, published]);
  if (session === null) return <Loading what="the draft" />;
  return (
    <Workbench name={name} document={session.document} draft={session.draft} published={published} saved={saved} />
  );
}
