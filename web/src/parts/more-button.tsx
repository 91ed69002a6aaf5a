/** The end of a list that is longer than what is shown. */

import { Button, Group } from "@mantine/core";

export interface MoreList {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => unknown;
}

export function MoreButton({ list, what }: { readonly list: MoreList; readonly what: string }) {
  if (!list.hasNextPage) return null;
  return (
    <Group justify="center" mt="md">
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        More {what}
      </Button>
    </Group>
  );
}
