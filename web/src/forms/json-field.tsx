/** A value as JSON text. What is typed stays while it is not JSON; only what can be read is handed on. */

import { Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Json } from "../../../src/core/base/json.ts";
import { equalJson } from "../parts/json.ts";

interface JsonFieldProps {
  readonly label: string;
  readonly value: Json;
  readonly onChange: (value: Json) => void;
  readonly error: string | null;
}

export function JsonField({ label, value, onChange, error }: JsonFieldProps) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const read = parse(text);
  // Changed from elsewhere: by the form beside, or because another workflow was chosen.
  useEffect(() => {
    setText((typed) => {
      const typedValue = parse(typed);
      return typedValue.ok && equalJson(typedValue.value, value) ? typed : JSON.stringify(value, null, 2);
    });
  }, [value]);
  return (
    <Textarea
      label={label}
      autosize
      minRows={4}
      maxRows={18}
      value={text}
      classNames={{ input: "mf-mono" }}
      spellCheck={false}
      error={read.ok ? error : read.reason}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const next = parse(typed);
        if (next.ok) onChange(next.value);
      }}
    />
  );
}

type Read = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string };

function parse(text: string): Read {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, reason: `Expected JSON, but ${error instanceof Error ? error.message : "it cannot be read"}` };
  }
}
