/** `g` and then a letter goes to a page, as the menu of shortcuts says. */

import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { DESTINATIONS } from "./navigation.ts";

/** Two keys are one command only when they follow one another this quickly. */
const PAIR_MS = 1200;

export function useGoKeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let since = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "g") {
        since = event.timeStamp;
        return;
      }
      const isPair = since > 0 && event.timeStamp - since < PAIR_MS;
      since = 0;
      const destination = isPair ? DESTINATIONS.find(({ key }) => key === event.key) : undefined;
      if (destination === undefined) return;
      event.preventDefault();
      void navigate({ to: destination.path });
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [navigate]);
}

/** Whether keys are text at the moment. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
