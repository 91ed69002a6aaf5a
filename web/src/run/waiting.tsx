/** Why it has not ended, in the platform's words: the sentence, and everything it waits for. */

import { Anchor, Button, Text } from "@mantine/core";
import { IconHourglassHigh } from "@tabler/icons-react";
import { useState } from "react";
import type { ExplanationMessage } from "../../../src/core/protocol/explanations.ts";
import { Ago } from "../parts/time.tsx";

interface WaitingProps {
  readonly explanation: ExplanationMessage;
  readonly choose: (path: string) => void;
}

const SHOWN_AT_FIRST = 3;

export function Waiting({ explanation, choose }: WaitingProps) {
  const [isAll, setAll] = useState(false);
  const { sentence, waits, hidden } = explanation;
  const shown = isAll ? waits : waits.slice(0, SHOWN_AT_FIRST);
  const isOne = waits.length === 1 && waits[0]?.sentence === sentence;
  return (
    <section className="mf-panel mf-card mf-waiting" aria-label="Why it has not ended" data-tone="waiting">
      <IconHourglassHigh size={20} aria-hidden />
      <div>
        <Text fw={600} className="mf-said" role="status">
          {sentence}
        </Text>
        {isOne ? null : (
          <ul className="mf-waiting-list">
            {shown.map((wait) => (
              <li key={`${wait.kind}${wait.path ?? ""}`} className="mf-said">
                {wait.path === null ? null : (
                  <>
                    <Anchor component="button" type="button" fz="sm" onClick={() => choose(wait.path ?? "")}>
                      {wait.path}
                    </Anchor>
                    {": "}
                  </>
                )}
                {wait.sentence}{" "}
                {wait.since === null ? null : (
                  <Text span c="dimmed" fz="sm">
                    since <Ago at={wait.since} />
                  </Text>
                )}
              </li>
            ))}
          </ul>
        )}
        {waits.length > SHOWN_AT_FIRST ? (
          <Button size="compact-xs" variant="subtle" onClick={() => setAll(!isAll)}>
            {isAll ? "Show fewer" : `Show all ${waits.length + hidden}`}
          </Button>
        ) : null}
        {isAll && hidden > 0 ? (
          <Text c="dimmed" fz="sm">
            {hidden} more are not listed.
          </Text>
        ) : null}
      </div>
    </section>
  );
}
