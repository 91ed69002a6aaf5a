/** Where designing begins: drafts that are under way, workflows to open, a new one, or a file that is dropped here. */

import "./designer.css";
import { ActionIcon, Button, Group, Text, TextInput } from "@mantine/core";
import { IconFileImport, IconHierarchy2, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { pictureOf } from "../../../src/core/language/picture.ts";
import { createDraft, listDrafts, removeDraft } from "../api/drafts.ts";
import { listWorkflows } from "../api/workflows.ts";
import { Empty, Failure, Loading, PageHead } from "../app/page-states.tsx";
import { Ago } from "../parts/time.tsx";
import { SharedDraftPage } from "./designer-page.tsx";
import { isWorkflowName, newWorkflowText } from "./new-workflow.ts";

const LIMIT = 200;
const FILE_BYTES_MAX = 1_048_576;

const route = getRouteApi("/designer");

export function DesignerListPage() {
  const { draft, share } = route.useSearch();
  return draft === undefined ? <Choice /> : <SharedDraftPage draft={draft} share={share ?? null} />;
}

function Choice() {
  const navigate = useNavigate();
  const known = useQuery({ queryKey: ["drafts"], queryFn: ({ signal }) => listDrafts(null, signal) });
  const drafts = known.data?.items ?? [];
  const discard = useMutation({ mutationFn: removeDraft, onSettled: () => known.refetch() });
  const [name, setName] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const [isOver, setIsOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const workflows = useQuery({
    queryKey: ["workflows", "designer"],
    queryFn: ({ signal }) => listWorkflows({ limit: LIMIT }, signal),
  });
  const open = (workflow: string) => void navigate({ to: "/designer/$workflow", params: { workflow }, search: {} });
  const begin = async (workflow: string, text: string) => {
    const taken =
      drafts.some((each) => each.workflow === workflow) || workflows.data?.items.some((each) => each.name === workflow);
    if (taken === true) {
      setRefused(
        `Expected a name that is free, but "${workflow}" exists already. Open it below, or choose another name.`,
      );
      return;
    }
    try {
      await createDraft({ workflow, title: workflow, text });
      open(workflow);
    } catch (error) {
      setRefused(error instanceof Error ? error.message : String(error));
    }
  };
  const importFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > FILE_BYTES_MAX) {
      setRefused(`Expected a file of at most 1 MiB, but "${file.name}" is larger.`);
      return;
    }
    const text = await file.text();
    const picture = pictureOf(text);
    if (picture === null || !isWorkflowName(picture.name)) {
      setRefused(`Expected a workflow with a name in "${file.name}", but there is none that can be read.`);
      return;
    }
    await begin(picture.name, text);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping a file is one way; the button below is the other.
    <div
      className="mf-designer-list"
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        void importFile(event.dataTransfer.files[0]);
      }}
    >
      <PageHead
        title="Designer"
        about="Draw a workflow, write it, or both at once: the canvas and the YAML are one document."
      />
      <form
        className="mf-panel mf-designer-new"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWorkflowName(name)) void begin(name, newWorkflowText(name));
          else
            setRefused(
              "Expected a name of up to 63 letters a to z, digits, - and _ that begins and ends with a letter or digit.",
            );
        }}
      >
        <TextInput
          label="New workflow"
          placeholder="order-processing"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setRefused(null);
          }}
          error={refused}
        />
        <Group gap="xs">
          <Button type="submit" leftSection={<IconPlus size={16} aria-hidden />}>
            Create
          </Button>
          <Button
            variant="default"
            leftSection={<IconFileImport size={16} aria-hidden />}
            onClick={() => picker.current?.click()}
          >
            Import a file
          </Button>
        </Group>
        <input
          ref={picker}
          type="file"
          accept=".yaml,.yml,.json"
          hidden
          onChange={(event) => void importFile(event.currentTarget.files?.[0])}
        />
        <Text fz="xs" c="dimmed">
          A YAML file can also be dropped anywhere on this page.
        </Text>
      </form>
      {drafts.length > 0 ? (
        <section aria-label="Drafts">
          <h2 className="mf-designer-heading">Drafts</h2>
          <ul className="mf-designer-cards">
            {drafts.map((each) => (
              <li key={each.id} className="mf-panel mf-designer-card">
                <IconPencil size={18} aria-hidden />
                {each.workflow === null ? (
                  <Link to="/designer" search={{ draft: each.id }} className="mf-one-line">
                    {each.title}
                  </Link>
                ) : (
                  <Link
                    to="/designer/$workflow"
                    params={{ workflow: each.workflow }}
                    search={{}}
                    className="mf-one-line"
                  >
                    {each.title}
                  </Link>
                )}
                <Text fz="xs" c="dimmed" component="span">
                  <Ago at={each.updated_at} />
                </Text>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Discard the draft of ${each.title}`}
                  onClick={() => discard.mutate(each.id)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section aria-label="Workflows">
        <h2 className="mf-designer-heading">Workflows</h2>
        {workflows.isError ? <Failure error={workflows.error} retry={() => void workflows.refetch()} /> : null}
        {workflows.isPending ? <Loading what="workflows" /> : null}
        {workflows.data?.items.length === 0 ? (
          <Empty icon={IconHierarchy2} title="No workflow yet">
            Create the first one above.
          </Empty>
        ) : null}
        <ul className="mf-designer-cards">
          {workflows.data?.items.map((each) => (
            <li key={each.id} className="mf-panel mf-designer-card">
              <IconHierarchy2 size={18} aria-hidden />
              <Link to="/designer/$workflow" params={{ workflow: each.name }} search={{}} className="mf-one-line">
                {each.name}
              </Link>
              <Text fz="xs" c="dimmed" component="span" className="mf-mono">
                {each.version}
              </Text>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
