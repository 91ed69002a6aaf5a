/** Puts a text on the clipboard, and says that it did. */

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useAnnounce } from "../app/announcer.tsx";

interface CopyButtonProps {
  /** Asked for when it is pressed: it may be large. */
  readonly text: () => string;
  readonly label: string;
}

const SHOWN_MS = 1500;

export function CopyButton({ text, label }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  const announce = useAnnounce();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      announce("The browser does not let this page write to the clipboard");
      return;
    }
    setCopied(true);
    announce("Copied");
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <Tooltip label={isCopied ? "Copied" : label}>
      <ActionIcon variant="subtle" color="gray" size={26} aria-label={label} onClick={() => void copy()}>
        {isCopied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
