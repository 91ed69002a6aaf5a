/** What a page shows when it has nothing, is still asking, or was refused: designed like everything else, never left over. */

import { Button, Code, Loader, Stack, Text, Title } from "@mantine/core";
import { type Icon, IconAlertTriangle, IconMapOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "../api/call.ts";

export interface EmptyProps {
  readonly icon: Icon;
  readonly title: string;
  readonly children?: ReactNode;
  /** What one can do about it. */
  readonly action?: ReactNode;
}

export function Empty({ icon: Picture, title, children, action }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      <Picture size={40} stroke={1.3} aria-hidden color="var(--mf-quiet)" />
      <Text fw={600} fz="lg" component="h2" m={0}>
        {title}
      </Text>
      {children === undefined ? null : (
        <Text c="dimmed" maw={460} component="div">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <Stack align="center" gap="xs" py={48} role="status">
      <Loader size="sm" />
      <Text c="dimmed" fz="sm">
        Loading {what}
      </Text>
    </Stack>
  );
}

/** A refusal in the platform's own words, with its code and a way to try again. */
export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const problem = error instanceof Problem ? error.body : null;
  return (
    <Stack gap="xs" p="md" className="mf-panel" role="alert" data-tone="bad" maw={720}>
      <Text fw={600} c="var(--mf-bad)" style={{ display: "flex", gap: 8, alignItems: "center" }}>
        <IconAlertTriangle size={18} aria-hidden /> {problem?.title ?? "Something went wrong on this page"}
      </Text>
      <Text className="mf-said">{error instanceof Error ? error.message : String(error)}</Text>
      {problem?.errors?.slice(0, 20).map((entry) => (
        <Text key={`${entry.pointer ?? ""}${entry.detail}`} fz="sm" className="mf-said">
          {entry.pointer === undefined ? null : <Code>{entry.pointer}</Code>} {entry.detail}
        </Text>
      ))}
      {problem === null ? null : (
        <Text fz="xs" c="dimmed">
          {problem.code}
          {problem.request_id === undefined ? null : ` · request ${problem.request_id}`}
        </Text>
      )}
      {retry === undefined ? null : (
        <Button variant="default" size="xs" w="fit-content" onClick={retry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}

export function PageError({ error, reset }: { readonly error: unknown; readonly reset?: () => void }) {
  return reset === undefined ? <Failure error={error} /> : <Failure error={error} retry={reset} />;
}

export function PageMissing() {
  return (
    <Empty
      icon={IconMapOff}
      title="There is no page at this address"
      action={
        <Button component={Link} to="/" variant="default">
          To the start
        </Button>
      }
    >
      It may have been mistyped, or what it showed has been removed.
    </Empty>
  );
}

/** The head of a page: what it is, a sentence, and what one can do here. */
export function PageHead({
  title,
  about,
  actions,
}: {
  readonly title: ReactNode;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="mf-page-head">
      <div className="mf-page-words">
        <Title order={1} className="mf-said">
          {title}
        </Title>
        {about === undefined ? null : (
          <Text c="dimmed" fz="sm" component="div">
            {about}
          </Text>
        )}
      </div>
      {actions === undefined ? null : <div className="mf-page-actions">{actions}</div>}
    </div>
  );
}
