/** What one would do by dragging, by choosing: leading a step to another, moving it into a list, adding one. */

import { Button, Group, Modal, NativeSelect, Stack } from "@mantine/core";
import { useState } from "react";
import type { Picture, PictureEdgeKind } from "../../../src/core/language/picture.ts";
import { STEP_LOOKS } from "../graph/step-types.ts";
import type { Actions } from "./actions.ts";

interface DialogProps {
  readonly picture: Picture;
  readonly actions: Actions;
  readonly id: string;
  readonly close: () => void;
}

const KINDS: readonly { readonly value: PictureEdgeKind; readonly label: string }[] = [
  { value: "success", label: "When it has completed" },
  { value: "failure", label: "When it has failed" },
  { value: "fallback", label: "As its fallback" },
  { value: "compensation", label: "As what undoes it" },
];

export function ConnectDialog({ picture, actions, id, close }: DialogProps) {
  const [kind, setKind] = useState<PictureEdgeKind>("success");
  const [to, setTo] = useState("");
  const node = picture.nodes.find((each) => each.id === id);
  const isFree = kind === "fallback" || kind === "compensation";
  const targets = picture.nodes.filter((each) => each.id !== id && (isFree || each.lane === node?.lane));
  const target = targets.find((each) => each.id === to)?.id ?? targets[0]?.id ?? "";
  return (
    <Modal opened onClose={close} title={`Connect ${node?.name ?? ""} to`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          actions.connect(id, target, kind);
          close();
        }}
      >
        <Stack>
          <NativeSelect
            data-autofocus
            label="Leads on"
            value={kind}
            data={[...KINDS]}
            onChange={(event) =>
              setKind(KINDS.find(({ value }) => value === event.currentTarget.value)?.value ?? "success")
            }
          />
          <NativeSelect
            label="To the step"
            value={target}
            data={targets.map((each) => ({ value: each.id, label: each.name }))}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={targets.length === 0 ? "There is no other step in its list." : null}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={target === ""}>
              Connect
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function MoveDialog({ picture, actions, id, close }: DialogProps) {
  const node = picture.nodes.find((each) => each.id === id);
  const lanes = picture.lanes.filter(({ kind }) => kind !== "called" && kind !== "failure");
  const [lane, setLane] = useState(String(node?.lane ?? 0));
  const steps = (picture.lanes[Number(lane)]?.steps ?? []).filter((each) => each !== id);
  const [before, setBefore] = useState("");
  return (
    <Modal opened onClose={close} title={`Move ${node?.name ?? ""}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const index = picture.nodes.find((each) => each.id === before)?.position ?? null;
          actions.move(id, { lane: Number(lane), index: steps.includes(before) ? index : null });
          close();
        }}
      >
        <Stack>
          <NativeSelect
            data-autofocus
            label="Into the list"
            value={lane}
            data={lanes.map(({ index, owner, label }) => ({
              value: String(index),
              label: owner === null ? "the workflow" : `${owner}: ${label}`,
            }))}
            onChange={(event) => setLane(event.currentTarget.value)}
          />
          <NativeSelect
            label="Before"
            value={before}
            data={[...steps.map((each) => ({ value: each, label: each })), { value: "", label: "nothing: at the end" }]}
            onChange={(event) => setBefore(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit">Move</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function AddDialog({
  actions,
  where,
  close,
}: {
  readonly actions: Actions;
  readonly where: string;
  readonly close: () => void;
}) {
  const [type, setType] = useState("function");
  return (
    <Modal opened onClose={close} title={`Add a step ${where}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          actions.add(type);
          close();
        }}
      >
        <Stack>
          <NativeSelect
            data-autofocus
            label="What it does"
            value={type}
            data={STEP_LOOKS.map((look) => ({ value: look.type, label: look.label }))}
            onChange={(event) => setType(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit">Add</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
