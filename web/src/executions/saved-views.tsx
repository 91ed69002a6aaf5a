/** Filters that somebody keeps by a name, for everybody of the workspace. */

import { Button, Menu, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryText } from "../api/call.ts";
import { addView, listViews, removeView } from "../api/views.ts";
import { Confirm } from "../parts/confirm.tsx";
import { type ExecutionsSearch, parseExecutionsSearch } from "./search.ts";

const PAGE = "executions";
const KEY = ["views", PAGE] as const;

interface SavedViewsProps {
  readonly search: ExecutionsSearch;
  readonly change: (next: ExecutionsSearch) => void;
}

export function SavedViews({ search, change }: SavedViewsProps) {
  const client = useQueryClient();
  const views = useQuery({ queryKey: KEY, queryFn: ({ signal }) => listViews(PAGE, signal) });
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const removing = useMutation({
    mutationFn: removeView,
    onSettled: () => void client.invalidateQueries({ queryKey: KEY }),
  });
  const text = queryText({ ...search });
  const current = views.data?.find((view) => queryText({ ...toSearch(view.search) }) === text);
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />} maw={220}>
            {current?.name ?? "Views"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.data?.map((view) => (
            <Menu.Item key={view.id} onClick={() => change(toSearch(view.search))} className="mf-said">
              {view.name}
            </Menu.Item>
          ))}
          {views.data === undefined || views.data.length === 0 ? null : <Menu.Divider />}
          <Menu.Item onClick={() => setNaming(true)} disabled={text === ""}>
            Save these filters
          </Menu.Item>
          {current === undefined ? null : (
            <Menu.Item
              leftSection={<IconTrash size={14} aria-hidden />}
              onClick={() => removing.mutate(current.id)}
              className="mf-said"
            >
              Remove “{current.name}”
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isNaming ? (
        <Confirm
          title="Save these filters"
          verb="Save"
          isReady={name.trim() !== ""}
          act={async () => {
            await addView(PAGE, name.trim(), text.slice(1));
            await client.invalidateQueries({ queryKey: KEY });
          }}
          close={() => {
            setNaming(false);
            setName("");
          }}
        >
          <TextInput
            label="Name"
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
        </Confirm>
      ) : null}
    </>
  );
}

function toSearch(text: string): ExecutionsSearch {
  return parseExecutionsSearch(Object.fromEntries(new URLSearchParams(text)));
}
