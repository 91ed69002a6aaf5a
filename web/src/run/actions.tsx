/** What can be done to an execution as it stands, each asked about first, and refused in the platform's own words. */

import { Button, Menu, Textarea, TextInput } from "@mantine/core";
import {
  IconArrowBackUp,
  IconBan,
  IconChevronDown,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconSend,
  IconSkull,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import type { ExecutionStatus } from "../../../src/core/protocol/executions.ts";
import { place } from "../api/call.ts";
import { type ControlName, controlExecution, endStep, rerunExecution, signalExecution } from "../api/executions.ts";
import { useAnnounce } from "../app/announcer.tsx";
import { useCommands } from "../app/commands.tsx";
import { Confirm } from "../parts/confirm.tsx";
import type { Run } from "./use-run.ts";

export type ActionName = ControlName | "rerun" | "rerun-from" | "signal" | "skip" | "complete";

export interface RunActions {
  /** Opens the dialog; `path` is the step that is meant. */
  readonly ask: (action: ActionName, path?: string) => void;
  readonly can: (action: ActionName) => boolean;
  /** To be put somewhere on the page. */
  readonly dialog: ReactNode;
}

export function useRunActions(run: Run, status: ExecutionStatus, seq: number): RunActions {
  const [asked, setAsked] = useState<{ readonly action: ActionName; readonly path: string | null } | null>(null);
  const can = (action: ActionName) => isPossible(action, status);
  const ask = useCallback((action: ActionName, path?: string) => setAsked({ action, path: path ?? null }), []);
  return {
    ask,
    can,
    dialog:
      asked === null ? null : (
        <ActionDialog key={asked.action} run={run} seq={seq} {...asked} close={() => setAsked(null)} />
      ),
  };
}

function isPossible(action: ActionName, status: ExecutionStatus): boolean {
  const isOver = status === "completed" || status === "failed" || status === "cancelled" || status === "timed_out";
  switch (action) {
    case "cancel":
    case "terminate":
    case "signal":
    case "skip":
    case "complete":
      return !isOver;
    case "pause":
      return status === "running";
    case "resume":
      return status === "paused";
    case "retry":
      return isOver && status !== "completed";
    case "compensate":
      return isOver;
    default:
      return true;
  }
}

interface Words {
  readonly title: string;
  readonly verb: string;
  readonly about: string;
  readonly isDangerous?: boolean;
}

const WORDS: Readonly<Record<ActionName, Words>> = {
  cancel: {
    title: "Cancel this execution",
    verb: "Cancel the execution",
    about: "Its tasks are told, cleaning up and undoing run, and then it ends as cancelled.",
    isDangerous: true,
  },
  terminate: {
    title: "Terminate this execution",
    verb: "Terminate",
    about: "It ends now. Nothing more runs: no cleaning up, and nothing is undone.",
    isDangerous: true,
  },
  pause: { title: "Pause this execution", verb: "Pause", about: "Results are recorded, and nothing new begins." },
  resume: { title: "Resume this execution", verb: "Resume", about: "It goes on where it was." },
  retry: {
    title: "Retry this execution",
    verb: "Retry",
    about: "It is opened again: what failed or was cancelled begins anew, what completed stays.",
  },
  compensate: {
    title: "Undo this execution",
    verb: "Undo",
    about: "It is opened again, every completed step that has a compensation is undone, and it ends as cancelled.",
    isDangerous: true,
  },
  rerun: {
    title: "Rerun from the start",
    verb: "Rerun",
    about: "A new execution begins, with this input. This one stays as it is.",
  },
  "rerun-from": {
    title: "Rerun from a step",
    verb: "Rerun",
    about: "A new execution begins with the history up to this step, and goes on from there. This one stays as it is.",
  },
  signal: { title: "Send a signal", verb: "Send", about: "A step that waits for it goes on." },
  skip: {
    title: "Skip a step",
    verb: "Skip the step",
    about: "What goes on in the step is cancelled, and the flow goes on as if it had been skipped.",
    isDangerous: true,
  },
  complete: {
    title: "Complete a step by hand",
    verb: "Complete the step",
    about: "What goes on in the step is cancelled, and this stands for its output.",
    isDangerous: true,
  },
};

interface ActionDialogProps {
  readonly run: Run;
  readonly seq: number;
  readonly action: ActionName;
  readonly path: string | null;
  readonly close: () => void;
}

function ActionDialog({ run, seq, action, path, close }: ActionDialogProps) {
  const navigate = useNavigate();
  const announce = useAnnounce();
  const { title, verb, about, isDangerous } = WORDS[action];
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const [text, setText] = useState(() => initialText(run, action, path, seq));
  const json = parse(text);
  const takesJson = action === "rerun" || action === "rerun-from" || action === "signal" || action === "complete";
  const takesReason =
    action === "cancel" ||
    action === "terminate" ||
    action === "compensate" ||
    action === "skip" ||
    action === "complete";
  const isReady = (!takesJson || json.isFine) && (action !== "signal" || name.trim() !== "");
  const act = async () => {
    const why = reason === "" ? {} : { reason };
    const value = json.value === undefined ? {} : { value: json.value };
    switch (action) {
      case "rerun":
      case "rerun-from": {
        const hasChanged = text !== initialText(run, action, path, seq);
        const answer = await rerunExecution(run.id, {
          ...(path === null ? {} : { from: { step: path } }),
          ...(hasChanged && "value" in value
            ? path === null
              ? { input: value.value }
              : { step_input: value.value }
            : {}),
        });
        announce("A new execution has begun");
        await navigate({ to: "/executions/$id", params: { id: answer.execution_id } });
        return;
      }
      case "signal":
        await signalExecution(run.id, name.trim(), json.value ?? null);
        break;
      case "skip":
        await endStep(run.id, path ?? "", "skip", why);
        break;
      case "complete":
        await endStep(run.id, path ?? "", "complete", { ...why, ...("value" in value ? { output: value.value } : {}) });
        break;
      default:
        await controlExecution(run.id, action, takesReason ? why : {});
    }
    announce(`${verb}: recorded`);
    // One that had ended is followed once more.
    run.follow();
  };
  return (
    <Confirm
      title={title}
      verb={verb}
      act={act}
      close={close}
      isReady={isReady}
      size={takesJson ? "lg" : "md"}
      {...(isDangerous === true ? { isDangerous } : {})}
    >
      <p style={{ margin: 0 }}>{about}</p>
      {path === null ? null : <code className="mf-mono mf-said">{path}</code>}
      {action === "signal" ? (
        <TextInput
          label="Name of the signal"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
      ) : null}
      {takesJson ? (
        <Textarea
          label={
            action === "signal"
              ? "Data"
              : action === "complete"
                ? "Output"
                : path === null
                  ? "Input"
                  : "Input of the step"
          }
          description={action === "rerun-from" ? "Empty: what the step works out for itself" : "JSON"}
          autosize
          minRows={4}
          maxRows={18}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={json.isFine ? null : json.problem}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8125rem" } }}
        />
      ) : null}
      {takesReason ? (
        <TextInput
          label="Reason"
          placeholder="For the history"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      ) : null}
    </Confirm>
  );
}

function initialText(run: Run, action: ActionName, path: string | null, seq: number): string {
  if (action === "complete") return "{}";
  if (action === "rerun") return JSON.stringify(run.message?.input ?? {}, null, 2);
  if (action === "rerun-from" && path !== null) {
    const input = run.model.inputAt(path, seq);
    return input === null ? "" : JSON.stringify(input.input, null, 2);
  }
  return "";
}

function parse(text: string): { readonly isFine: boolean; readonly value?: Json; readonly problem?: string } {
  if (text.trim() === "") return { isFine: true };
  try {
    return { isFine: true, value: JSON.parse(text) };
  } catch (error) {
    return { isFine: false, problem: error instanceof Error ? error.message : "Expected JSON." };
  }
}

interface ActionMenuProps {
  readonly run: Run;
  readonly actions: RunActions;
}

const MENU: readonly { readonly action: ActionName; readonly icon: typeof IconBan; readonly label: string }[] = [
  { action: "pause", icon: IconPlayerPause, label: "Pause" },
  { action: "resume", icon: IconPlayerPlay, label: "Resume" },
  { action: "retry", icon: IconRefresh, label: "Retry" },
  { action: "rerun", icon: IconPlayerPlay, label: "Rerun from the start" },
  { action: "signal", icon: IconSend, label: "Send a signal" },
  { action: "compensate", icon: IconArrowBackUp, label: "Undo (compensate)" },
  { action: "cancel", icon: IconBan, label: "Cancel" },
  { action: "terminate", icon: IconSkull, label: "Terminate" },
];

const LIKELY: readonly ActionName[] = ["resume", "retry", "cancel", "rerun"];

/** The action that people most likely came for as a button, the others behind it. */
export function ActionMenu({ run, actions }: ActionMenuProps) {
  const possible = MENU.filter(({ action }) => actions.can(action));
  const first = LIKELY.flatMap((name) => possible.filter(({ action }) => action === name))[0];
  const { ask } = actions;
  const commands = useMemo(
    () => MENU.map(({ action, label }) => ({ id: action, label: `${label}: this execution`, run: () => ask(action) })),
    [ask],
  );
  useCommands("Execution", commands);
  return (
    <>
      {first === undefined ? null : (
        <Button
          variant={first.action === "cancel" ? "default" : "filled"}
          leftSection={<first.icon size={16} aria-hidden />}
          onClick={() => ask(first.action)}
        >
          {first.label}
        </Button>
      )}
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {possible
            .filter(({ action }) => action !== first?.action)
            .map(({ action, icon: Picture, label }) => (
              <Menu.Item key={action} leftSection={<Picture size={16} aria-hidden />} onClick={() => ask(action)}>
                {label}
              </Menu.Item>
            ))}
          <Menu.Divider />
          <Menu.Item
            component="a"
            href={`${place("executions", run.id)}/export`}
            download={`${run.id}.ndjson`}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            Export the history
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
