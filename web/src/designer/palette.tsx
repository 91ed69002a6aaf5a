/** Every type of step, under its heading: dragged onto the canvas, or added after the chosen step by Enter or a click. */

import { Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { STEP_TYPES } from "../../../src/core/language/step-fields.ts";
import { STEP_TYPE_DATA } from "../graph/canvas.tsx";
import { FAMILIES, STEP_LOOKS } from "../graph/step-types.ts";

export function Palette({ add }: { readonly add: (type: string) => void }) {
  const [search, setSearch] = useState("");
  const needle = search.trim().toLowerCase();
  const found = STEP_LOOKS.filter(({ type, label, also }) => `${type} ${label} ${also}`.toLowerCase().includes(needle));
  return (
    <div className="mf-palette">
      <TextInput
        id="mf-palette-search"
        size="xs"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = found;
          if (event.key === "Enter" && first !== undefined) add(first.type);
        }}
        placeholder="Search steps"
        aria-label="Search steps"
        leftSection={<IconSearch size={14} aria-hidden />}
      />
      {FAMILIES.map(({ family, label }) => {
        const looks = found.filter((each) => each.family === family);
        if (looks.length === 0) return null;
        return (
          <section key={family} aria-label={label}>
            <Text className="mf-nav-group" component="h3" m={0}>
              {label}
            </Text>
            {looks.map(({ type, label: name, icon: Picture }) => (
              <button
                key={type}
                type="button"
                className="mf-palette-step"
                data-family={family}
                draggable
                title={STEP_TYPES.get(type)?.summary}
                onClick={() => add(type)}
                onDragStart={(event) => {
                  event.dataTransfer.setData(STEP_TYPE_DATA, type);
                  event.dataTransfer.effectAllowed = "copy";
                }}
              >
                <span className="mf-node-icon">
                  <Picture size={16} stroke={1.8} aria-hidden />
                </span>
                {name}
              </button>
            ))}
          </section>
        );
      })}
      {found.length === 0 ? (
        <Text fz="sm" c="dimmed" p="xs">
          No step is called that.
        </Text>
      ) : null}
    </div>
  );
}
