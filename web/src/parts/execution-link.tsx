/** The way to an execution: its id, as long as there is room. */

import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function ExecutionLink({ id }: { readonly id: string }) {
  return (
    <Anchor
      component={Link}
      to={`/executions/${encodeURIComponent(id)}`}
      className="mf-mono mf-one-line"
      display="block"
      title={id}
    >
      {id}
    </Anchor>
  );
}
