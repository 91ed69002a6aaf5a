/** Tries all that fit again, page after page; it can be stopped between two. */

import { Button, Group, Modal, SegmentedControl, Text } from "@mantine/core";
import { useRef, useState } from "react";
import type { LettersFilter, ReplayedItem, ReplayMode } from "../../../src/core/protocol/dead-letters.ts";
import { replayLetters } from "../api/dead-letters.ts";
import { Failure } from "../app/page-states.tsx";

interface ReplayDialogProps {
  readonly filter: LettersFilter;
  readonly close: () => void;
}

type Stage = "asking" | "running" | "over" | "stopped";

const SHOWN_MAX = 200;

export function ReplayDialog({ filter, close }: ReplayDialogProps) {
  const [mode, setMode] = useState<ReplayMode>("retry");
  const [stage, setStage] = useState<Stage>("asking");
  const [items, setItems] = useState<readonly ReplayedItem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const mustStop = useRef(false);
  const run = async () => {
    setStage("running");
    setError(null);
    try {
      let cursor: string | null = null;
      do {
        const page = await replayLetters(filter, mode, cursor);
        setItems((before) => [...before, ...page.items]);
        cursor = page.next_cursor;
      } while (cursor !== null && !mustStop.current);
      setStage(cursor === null ? "over" : "stopped");
    } catch (reason) {
      setError(reason);
      setStage("stopped");
    }
  };
  const refused = items.filter(({ outcome }) => outcome === "refused");
  return (
    <Modal opened onClose={close} title="Try many again" size="lg">
      <div className="mf-stack">
        {stage === "asking" ? (
          <>
            <Text>
              {Object.keys(filter).length === 0
                ? "Every dead letter is tried again."
                : "Every dead letter that fits the filter is tried again."}{" "}
              Each is replayed or refused by itself.
            </Text>
            <SegmentedControl
              aria-label="How"
              data={[
                { value: "retry", label: "Retry where it failed" },
                { value: "rerun", label: "Rerun from the start" },
              ]}
              value={mode}
              onChange={(word) => setMode(word === "rerun" ? "rerun" : "retry")}
            />
          </>
        ) : (
          <Text fw={600} role="status">
            {stage === "over" ? "Over: " : stage === "stopped" ? "Stopped: " : ""}
            {items.length - refused.length} replayed{refused.length === 0 ? "" : `, ${refused.length} refused`}
          </Text>
        )}
        {refused.length === 0 ? null : (
          <ul className="mf-findings">
            {refused.slice(0, SHOWN_MAX).map((item) => (
              <li key={item.id} className="mf-said">
                <span className="mf-mono">{item.execution_id ?? item.id}</span>: {item.error?.message}
              </li>
            ))}
          </ul>
        )}
        {error === null ? null : <Failure error={error} />}
        <Group justify="flex-end">
          {stage === "running" ? (
            <Button
              variant="default"
              onClick={() => {
                mustStop.current = true;
              }}
            >
              Stop
            </Button>
          ) : (
            <Button variant="default" onClick={close}>
              Close
            </Button>
          )}
          {stage === "asking" ? <Button onClick={() => void run()}>Replay</Button> : null}
        </Group>
      </div>
    </Modal>
  );
}
