/** `?`: every key there is, those of the page at hand first. */

import { Kbd, Modal, Table, Text } from "@mantine/core";
import { useCommandGroups } from "./commands.tsx";
import { DESTINATIONS } from "./navigation.ts";

export function ShortcutsDialog({ opened, close }: { readonly opened: boolean; readonly close: () => void }) {
  const groups = useCommandGroups();
  return (
    <Modal opened={opened} onClose={close} title="Keyboard shortcuts" size="lg">
      {groups.map(({ label, commands }) => (
        <Keys
          key={label}
          label={label}
          rows={commands.flatMap(({ label: about, keys }) => (keys === undefined ? [] : [[about, keys] as const]))}
        />
      ))}
      <Keys
        label="Everywhere"
        rows={[
          ["Search and commands", "Ctrl K"],
          ["This list", "?"],
          ...DESTINATIONS.map(({ label, key }) => [`Go to ${label}`, `g ${key}`] as const),
        ]}
      />
    </Modal>
  );
}

function Keys({ label, rows }: { readonly label: string; readonly rows: readonly (readonly [string, string])[] }) {
  if (rows.length === 0) return null;
  return (
    <section aria-label={label}>
      <Text fw={600} mt="sm" mb={4}>
        {label}
      </Text>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {rows.map(([about, keys]) => (
            <Table.Tr key={about}>
              <Table.Th scope="row" fw={400}>
                {about}
              </Table.Th>
              <Table.Td ta="right">
                {keys.split(" ").map((key) => (
                  <Kbd key={key} ml={4} size="xs">
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
