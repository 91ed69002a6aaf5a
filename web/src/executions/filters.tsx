/** What the list is narrowed to. Every change is a change of the address. */

import { Badge, Button, Group, MultiSelect, Popover, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilter, IconSearch, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { lookOf } from "../parts/status.tsx";
import { type ExecutionsSearch, SINCE, statusesOf } from "./search.ts";
import { EXECUTION_STATUSES } from "./statuses.ts";

interface FiltersProps {
  readonly search: ExecutionsSearch;
  readonly change: (next: ExecutionsSearch) => void;
  readonly children?: ReactNode;
}

const TYPING_MS = 250;

const SINCE_WORDS = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
} as const;

const MORE = [
  ["workflow", "Workflow", "Its name"],
  ["version", "Version", "1.2.0"],
  ["tag", "Tag", ""],
  ["error", "Code of the error", "TIMEOUT"],
  ["attribute", "Search attribute", "customer_id=4711"],
  ["parent", "Parent", "Id of an execution"],
] as const;

export function Filters({ search, change, children }: FiltersProps) {
  const set = (part: { readonly [K in keyof ExecutionsSearch]?: ExecutionsSearch[K] | undefined }) =>
    change(withoutEmpty({ ...search, ...part }));
  const type = useDebouncedCallback((text: string) => set({ text }), TYPING_MS);
  const chips = MORE.filter(([name]) => search[name] !== undefined);
  return (
    <div role="search" aria-label="Executions">
      <Group gap="sm" mb="sm" align="center">
        <TextInput
          key={search.text ?? ""}
          aria-label="Part of id, workflow, error or metadata"
          placeholder="Id, workflow, error, metadata"
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={search.text ?? ""}
          onChange={(event) => type(event.currentTarget.value)}
          autoFocus={search.text !== undefined}
          w={{ base: "100%", xs: 250 }}
        />
        <MultiSelect
          aria-label="Status"
          placeholder={search.status === undefined ? "Any status" : ""}
          data={EXECUTION_STATUSES.map((status) => ({ value: status, label: lookOf(status).label }))}
          value={[...statusesOf(search.status)]}
          onChange={(words) => set({ status: words.join(",") })}
          clearable
          miw={150}
          maw={{ base: "100%", xs: 360 }}
        />
        <Select
          aria-label="Time"
          placeholder="Any time"
          data={SINCE.map((word) => ({ value: word, label: SINCE_WORDS[word] }))}
          value={search.since ?? null}
          onChange={(word) => set({ since: SINCE.find((other) => other === word), from: undefined, to: undefined })}
          clearable
          w={160}
        />
        <MoreFilters search={search} set={set} />
        <Select
          aria-label="Order"
          data={[
            { value: "newest", label: "Newest first" },
            { value: "oldest", label: "Oldest first" },
          ]}
          value={search.order ?? "newest"}
          onChange={(order) => set({ order: order === "oldest" ? "oldest" : undefined })}
          allowDeselect={false}
          w={140}
        />
        {children}
      </Group>
      {chips.length === 0 ? null : (
        <Group gap={6} mb="sm">
          {chips.map(([name, label]) => (
            <Badge
              key={name}
              component="button"
              size="lg"
              variant="light"
              tt="none"
              rightSection={<IconX size={12} aria-hidden />}
              onClick={() => set({ [name]: undefined })}
              aria-label={`${label} ${search[name]}: take this filter away`}
              style={{ cursor: "pointer", maxWidth: "100%" }}
            >
              {label}: {search[name]}
            </Badge>
          ))}
        </Group>
      )}
    </div>
  );
}

interface MoreFiltersProps {
  readonly search: ExecutionsSearch;
  readonly set: (part: { readonly [K in keyof ExecutionsSearch]?: ExecutionsSearch[K] | undefined }) => void;
}

function MoreFilters({ search, set }: MoreFiltersProps) {
  return (
    <Popover position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />}>
          More filters
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={300}>
        <form
          className="mf-stack"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const part: { [name: string]: string | undefined } = {};
            for (const name of [...MORE.map(([field]) => field), "from", "to"]) part[name] = text(form.get(name));
            set({ ...part, ...(part["from"] === undefined && part["to"] === undefined ? {} : { since: undefined }) });
          }}
        >
          {MORE.map(([name, label, placeholder]) => (
            <TextInput
              key={name}
              name={name}
              label={label}
              placeholder={placeholder}
              defaultValue={search[name] ?? ""}
            />
          ))}
          <TextInput name="from" type="datetime-local" label="Created from" defaultValue={search.from ?? ""} />
          <TextInput name="to" type="datetime-local" label="Created before" defaultValue={search.to ?? ""} />
          <Button type="submit">Apply</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function text(value: FormDataEntryValue | null): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function withoutEmpty(search: object): ExecutionsSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ""));
}
