/** What will be published, beside what is: the draft becomes a version, which nothing changes any more. */

import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { applyEdit } from "../../../src/core/language/edit/apply.ts";
import type { RegisterAnswer } from "../../../src/core/protocol/workflows.ts";
import { call, Problem, place } from "../api/call.ts";
import { Failure } from "../app/page-states.tsx";
import { CodeDiff } from "../code/code-view.tsx";
import { type DraftBase, readPublished } from "./designer-page.tsx";
import type { DesignerDocument } from "./document/designer-document.ts";
import { type LiveDraft, whenSaved } from "./document/live-draft.ts";
import { useDesigner } from "./document/use-designer.ts";

interface PublishDialogProps {
  readonly document: DesignerDocument;
  readonly base: DraftBase | null;
  readonly draftId: string;
  readonly live: LiveDraft;
  /** Somebody else has published meanwhile: that is what the draft is compared with from now on. */
  readonly rebase: (base: DraftBase | null) => void;
  readonly done: (base: DraftBase, name: string) => void;
  readonly close: () => void;
}

export function PublishDialog({ document, base, draftId, live, rebase, done, close }: PublishDialogProps) {
  const text = useDesigner(document, (state) => state.text);
  const written = useDesigner(document, (state) => state.picture?.version ?? "");
  const errors = useDesigner(document, (state) => state.diagnostics).filter(({ severity }) => severity === "error");
  const [version, setVersion] = useState(() => nextVersion(written, base?.version ?? null));
  const queries = useQueryClient();
  const publishing = useMutation({
    mutationFn: async () => {
      if (version !== written) {
        const path = ["metadata", "version"];
        document.apply((source) => applyEdit(source, { kind: "set", path, value: version }));
      }
      // What is published is the text as the platform has it: first everything must be there.
      await whenSaved(live);
      const body = base?.etag === null || base === null ? {} : { if_match: base.etag };
      return call<RegisterAnswer>("POST", `${place("drafts", draftId)}/publish`, { body });
    },
    onSuccess: async ({ name }) => {
      const published = await readPublished(name);
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "designer" });
      if (published !== null) done(published, name);
    },
    onError: async (error) => {
      const name = document.state.picture?.name ?? "";
      if (error instanceof Problem && error.code === "REVISION_CONFLICT") rebase(await readPublished(name));
    },
  });
  return (
    <Modal opened onClose={close} title="Publish" size="min(72rem, 94vw)">
      <Stack>
        {base === null ? (
          <Text fz="sm" c="dimmed">
            This workflow has not been published before.
          </Text>
        ) : (
          <CodeDiff before={base.text} after={text} language="yaml" label={`Version ${base.version} and the draft`} />
        )}
        {errors.length > 0 ? (
          <Text c="var(--mf-bad)" role="alert">
            {errors.length === 1 ? "One error has" : `${errors.length} errors have`} to be mended first: line{" "}
            {errors[0]?.line}, {errors[0]?.message}
          </Text>
        ) : null}
        {publishing.isError ? <Failure error={publishing.error} /> : null}
        <Group align="flex-end" justify="space-between">
          <TextInput
            label="As version"
            description="Semantic; a version never changes once it is published."
            value={version}
            onChange={(event) => setVersion(event.currentTarget.value)}
          />
          <Button
            onClick={() => publishing.mutate()}
            loading={publishing.isPending}
            disabled={errors.length > 0 || version.trim() === ""}
          >
            Publish
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** As written where that is new, else the next patch. */
function nextVersion(written: string, published: string | null): string {
  const plain = written.replace(/^[vV](?=\d)/, "");
  if (published === null) return plain === "" ? "1.0.0" : plain;
  if (plain !== "" && plain !== published) return plain;
  const [, head, patch] = /^(\d+\.\d+\.)(\d+)/.exec(published) ?? [];
  return head === undefined ? plain : `${head}${Number(patch) + 1}`;
}
