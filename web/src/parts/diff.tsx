/** Two values beside one another, by what differs: sign, place, before and after. */

import "./diff.css";
import { Text } from "@mantine/core";
import { useMemo } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import { DIFFERENCES_MAX, type Difference, diffJson } from "./json-diff.ts";

interface DiffProps {
  readonly before: Json;
  readonly after: Json;
  readonly beforeLabel: string;
  readonly afterLabel: string;
}

const SIGNS = { added: "+", removed: "−", changed: "~" } as const;
const WORDS = { added: "only in the second", removed: "only in the first", changed: "differs" } as const;
const TONES = { added: "good", removed: "bad", changed: "waiting" } as const;
const TEXT_MAX = 400;

export function Diff({ before, after, beforeLabel, afterLabel }: DiffProps) {
  const differences = useMemo(() => diffJson(before, after), [before, after]);
  if (differences.length === 0) {
    return (
      <Text c="dimmed" fz="sm">
        Nothing differs.
      </Text>
    );
  }
  return (
    <div className="mf-scroll" tabIndex={0} role="group" aria-label={`${beforeLabel} and ${afterLabel}: what differs`}>
      <table className="mf-diff">
        <thead>
          <tr>
            <th scope="col">
              <span className="mf-hidden">How</span>
            </th>
            <th scope="col">Place</th>
            <th scope="col">{beforeLabel}</th>
            <th scope="col">{afterLabel}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map((difference) => (
            <DiffRow key={difference.path} difference={difference} />
          ))}
        </tbody>
      </table>
      {differences.length >= DIFFERENCES_MAX ? (
        <Text c="dimmed" fz="sm" mt="xs">
          These are the first {DIFFERENCES_MAX}; there are more.
        </Text>
      ) : null}
    </div>
  );
}

function DiffRow({ difference }: { readonly difference: Difference }) {
  const { kind, path } = difference;
  return (
    <tr>
      <td>
        <span className="mf-diff-sign" data-tone={TONES[kind]} title={WORDS[kind]}>
          {SIGNS[kind]}
        </span>
        <span className="mf-hidden">{WORDS[kind]}</span>
      </td>
      <th scope="row" className="mf-mono mf-said">
        {path}
      </th>
      <td className="mf-mono mf-said">{"before" in difference ? short(difference.before) : ""}</td>
      <td className="mf-mono mf-said">{"after" in difference ? short(difference.after) : ""}</td>
    </tr>
  );
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}… (${text.length} characters)` : text;
}
