/** Asks before something that cannot be taken back, and shows there why it was refused. */

import { Button, Group, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "../app/page-states.tsx";

export interface ConfirmProps {
  readonly title: string;
  /** What will happen, and what more is asked for. */
  readonly children?: ReactNode;
  /** The word on the button: what is done. */
  readonly verb: string;
  readonly isDangerous?: boolean;
  readonly isReady?: boolean;
  readonly size?: string;
  readonly act: () => Promise<unknown>;
  readonly close: () => void;
}

export function Confirm({ title, children, verb, isDangerous, isReady, size, act, close }: ConfirmProps) {
  const acting = useMutation({ mutationFn: act, onSuccess: close });
  return (
    <Modal opened onClose={close} title={title} size={size ?? "md"}>
      <form
        className="mf-stack"
        onSubmit={(event) => {
          event.preventDefault();
          acting.mutate();
        }}
      >
        {children}
        {acting.isError ? <Failure error={acting.error} /> : null}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={close}>
            Close
          </Button>
          <Button
            type="submit"
            {...(isDangerous === true ? { color: "red.8" } : {})}
            loading={acting.isPending}
            disabled={isReady === false}
          >
            {verb}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
