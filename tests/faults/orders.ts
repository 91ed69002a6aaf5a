/**
 * The mixed set of workflows that is kept going while processes are killed, and what must become of each.
 *
 * Every start carries a token of its own; it comes back in the output, so that a mix-up of two executions shows.
 */

import type { Json } from "../../src/core/base/json.ts";

export interface Kind {
  readonly workflow: string;
  readonly text: string;
  /** Children that one execution of it begins. */
  readonly children: number;
  readonly ends: "completed" | "failed";
  readonly output: (token: string) => Json;
  /** What somebody outside must send before it can end. */
  readonly needs: "signal" | "event" | null;
}

/** Where a failure's code stands in place of an output. */
const nothing = () => null;

const KINDS_BY_NAME: Readonly<Record<string, Omit<Kind, "workflow" | "text"> & { readonly spec: string }>> = {
  chain: {
    spec: `
  steps:
    - { name: first, executor: mill, function: echo, input: { token: $.input.token } }
    - { name: second, executor: mill, function: echo, input: { token: $.first.token } }
    - { name: third, executor: mill, function: echo, input: { token: $.second.token } }
  output: { token: $.third.token }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token }),
    needs: null,
  },
  naps: {
    spec: `
  steps:
    - { name: short, type: wait, duration: 300ms }
    - { name: work, executor: mill, function: echo, input: { token: $.input.token } }
    - { name: long, type: wait, duration: 4s }
  output: { token: $.work.token }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token }),
    needs: null,
  },
  stubborn: {
    spec: `
  steps:
    - name: work
      executor: mill
      function: busyTwice
      input: { token: $.input.token }
      retry: { max_attempts: 5, initial_delay: 100ms }
  output: { token: $.work.token, attempt: $.work.attempt }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token, attempt: 3 }),
    needs: null,
  },
  undone: {
    spec: `
  steps:
    - name: reserve
      executor: mill
      function: echo
      input: { token: $.input.token }
      compensate: { executor: mill, function: echo, input: { token: $.input.token } }
    - { name: break, executor: mill, function: refuse, input: { token: $.input.token } }`,
    children: 0,
    ends: "failed",
    output: nothing,
    needs: null,
  },
  family: {
    spec: `
  steps:
    - { name: elder, type: workflow, workflow: chain, input: { token: $.input.token } }
    - { name: younger, type: workflow, workflow: naps, input: { token: $.input.token } }
  output: { elder: $.elder.token, younger: $.younger.token }`,
    children: 2,
    ends: "completed",
    output: (token) => ({ elder: token, younger: token }),
    needs: null,
  },
  asked: {
    spec: `
  steps:
    - { name: work, executor: mill, function: echo, input: { token: $.input.token } }
    - { name: approval, type: wait_for_event, event: approve }
  output: { token: $.work.token, by: $.approval.by }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token, by: `signal of ${token}` }),
    needs: "signal",
  },
  told: {
    spec: `
  steps:
    - { name: payment, type: wait_for_event, event: paid, correlation: $.input.token }
  output: { token: $.input.token, by: $.payment.by }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token, by: `event of ${token}` }),
    needs: "event",
  },
  spread: {
    spec: `
  steps:
    - name: each
      type: loop
      times: 6
      parallel: true
      steps:
        - { name: pack, executor: mill, function: echo, input: { token: $.input.token } }
    - name: both
      type: parallel
      branches:
        - { name: left, steps: [{ name: one, executor: mill, function: echo, input: { token: $.input.token } }] }
        - { name: right, steps: [{ name: two, type: wait, duration: 200ms }] }
  output: { token: $.one.token }`,
    children: 0,
    ends: "completed",
    output: (token) => ({ token }),
    needs: null,
  },
};

export const KINDS: readonly Kind[] = Object.entries(KINDS_BY_NAME).map(([workflow, { spec, ...kind }]) => ({
  workflow,
  ...kind,
  text: `apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: { name: ${workflow}, version: 1.0.0 }
spec:${spec}
`,
}));
