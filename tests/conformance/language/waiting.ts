/** Steps that wait for something else: children, times, signals and events. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { type Other, outputOf, type Run, tryRun } from "./cases.ts";
import { fails, gives, type Task } from "./executor.ts";
import { echo, hold, ok } from "./shorthand.ts";

const children: readonly Run[] = [
  {
    says: "a child is given its own defaults, and an input that breaks its schema fails the step",
    also: {
      "st-schema": `input_schema: { type: object, required: [ n ], properties: { n: { type: integer }, d: { default: 7 } } }\nsteps: [ ${echo("c", "{ got: $.input }")} ]`,
    },
    yaml: `
      - { name: good, type: workflow, workflow: st-schema, input: { n: 1 } }
      - { name: bad, type: workflow, workflow: st-schema, input: { n: text } }`,
    status: "failed",
    error: { code: "VALIDATION_FAILED", step: "bad" },
    outputs: { good: { got: { n: 1, d: 7 } } },
  },
  {
    says: "a child runs the version that is named, else the active one",
    also: { "st-versions": `- ${ok("c")}` },
    yaml: `
      - { name: none, type: workflow, workflow: st-versions, version: 9.9.9, on_failure: fine }
      - { name: fine, type: workflow, workflow: st-versions, version: v1.0.0 }`,
    check: (_, view) => assert.deepEqual(view.steps.map(({ status }) => status).slice(0, 2), ["failed", "completed"]),
  },

  {
    says: "a child gets its input, and its output is the step's",
    also: { "st-child": `steps: [ ${echo("c", "{ got: $.input }")} ]\noutput: { back: $.c.got.x }` },
    yaml: `- { name: w, type: workflow, workflow: st-child, input: { x: $.input.n } }`,
    input: { n: 5 },
    outputs: { w: { back: 5 } },
  },
  {
    says: "a child that fails fails the step with its code and its error as cause",
    also: { "st-failing": `- { name: c, executor: me, function: fail_CHILD }` },
    yaml: `- { name: w, type: workflow, workflow: st-failing }`,
    status: "failed",
    error: { code: "CHILD", step: "w", cause: { code: "CHILD", step: "c" } },
  },
  {
    says: "a child that times out fails the step with TIMEOUT, one that is cancelled with CANCELLED",
    also: {
      "st-slow": `timeout: 100ms\nsteps: [ { name: c, type: wait, duration: 1h } ]`,
      "st-waits": `- ${hold("c")}`,
    },
    yaml: `
      - { name: slow, type: workflow, workflow: st-slow, on_failure: waits }
      - { name: waits, type: workflow, workflow: st-waits }`,
    drive: async (going) => {
      const task = await going.task("c");
      await going.world.platform.request("POST", `/executions/${task.execution_id}/cancel`, {});
    },
    status: "failed",
    steps: "slow failed TIMEOUT; waits failed CANCELLED",
  },
  {
    says: "a retry starts a new child",
    also: { "st-again": `- { name: c, executor: me, function: c }` },
    yaml: `- { name: w, type: workflow, workflow: st-again, retry: { max_attempts: 2, initial_delay: 1ms } }`,
    answers: { c: [fails("E1"), gives({ x: 1 })] },
    outputs: { w: { x: 1 } },
    check: (going) => assert.equal(new Set(going.tasks.map((task: Task) => task.execution_id)).size, 2),
  },
  {
    says: "wait: false gives the child's id at once, and the child lives on",
    also: { "st-free": `- ${hold("c")}` },
    yaml: `- { name: w, type: workflow, workflow: st-free, wait: false }`,
    drive: (going) => going.task("c"),
    check: async (going, view) => {
      const task = await going.task("c");
      assert.deepEqual(outputOf(view, "w"), { execution_id: task.execution_id });
      await going.complete("c");
      const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
      assert.equal(child.body["status"], "completed");
    },
  },
  ...(["cancel", "terminate"] as const).map(
    (command): Run => ({
      says: `${command} of the parent ends its waited-for children first`,
      also: { [`st-${command}`]: `- ${hold("c")}` },
      yaml: `- { name: w, type: workflow, workflow: st-${command} }`,
      drive: async (going) => {
        await going.task("c");
        await going.post(command);
      },
      status: "cancelled",
      check: async (going) => {
        const task = await going.task("c");
        const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
        assert.equal(child.body["status"], "cancelled");
      },
    }),
  ),
  {
    says: "a parent that fails ends after its waited-for children, which are cancelled",
    also: { "st-beside": `- ${hold("c")}` },
    yaml: `- { name: w, type: workflow, workflow: st-beside }\n- ${hold("a", ", depends_on: []")}`,
    drive: async (going) => {
      await going.task("c");
      await going.fail("a", "E1");
    },
    status: "failed",
    error: "E1",
    steps: "w cancelled; a failed E1",
    check: async (going) => {
      const task = await going.task("c");
      const child = await going.world.platform.request("GET", `/executions/${task.execution_id}`);
      assert.equal(child.body["status"], "cancelled");
    },
  },
  {
    says: "a workflow that starts itself ends at a depth of 20",
    yaml: `- { name: w, type: workflow, workflow: NAME, input: { n: "\${(input.n ?? 0) + 1}" } }`,
    status: "failed",
  },
  {
    says: "a child that does not exist is an error",
    yaml: `- { name: w, type: workflow, workflow: st-nowhere }`,
    status: "failed",
    error: { step: "w" },
  },
];

const waits: readonly Run[] = [
  {
    says: "a wait pauses for its duration, never for less",
    yaml: `- { name: w, type: wait, duration: 150ms }\n- { name: past, type: wait, until: "2020-01-01T00:00:00Z" }\n- { name: soon, type: wait, until: "\${date_add(now(), '100ms')}" }`,
    check: (_, view) => assert.ok((view.duration ?? 0) >= 0.25, String(view.duration)),
  },
  {
    says: "a signal ends a wait for it, and its data is the output",
    yaml: `- { name: w, type: wait_for_event, event: go }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      const { status } = await going.post("signals/go", { data: { x: 1 } });
      assert.equal(status, 202);
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "signals are kept, oldest first, and another name is another signal",
    yaml: `
      - ${hold("a")}
      - { name: w1, type: wait_for_event, event: go }
      - { name: w2, type: wait_for_event, event: go }`,
    drive: async (going) => {
      await going.task("a");
      await going.post("signals/other", { data: { x: 0 } });
      await going.post("signals/go", { data: { x: 1 } });
      await going.post("signals/go", { data: { x: 2 } });
      await going.complete("a");
    },
    outputs: { w1: { x: 1 }, w2: { x: 2 } },
  },
  {
    says: "a filter is a condition over the event",
    yaml: `- { name: w, type: wait_for_event, event: paid, filter: event.data.amount >= input.amount }`,
    input: { amount: 10 },
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.post("signals/paid", { data: { amount: 5 } });
      await going.post("signals/paid", { data: { amount: 15 } });
    },
    outputs: { w: { amount: 15 } },
  },
  {
    says: "a wait that takes too long is a TIMEOUT",
    yaml: `- { name: w, type: wait_for_event, event: never, timeout: 50ms, on_failure: n }\n- ${ok("n")}`,
    steps: "w failed TIMEOUT; n completed",
  },
  {
    says: "an event wakes the waits whose correlation equals its key, and no others",
    yaml: `
      - { name: one, type: wait_for_event, event: paid-NAME, correlation: $.input.id }
      - { name: other, type: wait_for_event, event: paid-NAME, correlation: other, depends_on: [], timeout: 1500ms, on_failure: { steps: [ ${ok("late")} ] } }`,
    input: { id: 17 },
    drive: async (going) => {
      await going.until("waiting", "one");
      const { status } = await going.world.platform.request("POST", "/events", {
        event: `paid-${going.name}`,
        correlation_key: "17",
        data: { x: 1 },
      });
      assert.ok(status < 300);
    },
    status: "failed",
    outputs: { one: { x: 1 } },
    steps: "one completed; other failed TIMEOUT; other:on_failure.late completed",
  },
  {
    says: "without a correlation any event of that name will do, also a CloudEvent",
    yaml: `- { name: w, type: wait_for_event, event: any-NAME }\n- { name: v, type: wait_for_event, event: ce-NAME, correlation: s1 }\n- { name: u, type: wait_for_event, event: ce-NAME, correlation: k2 }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.world.platform.request("POST", "/events", {
        event: `any-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
      const event = { specversion: "1.0", id: "e1", source: "/me", type: `ce-${going.name}` };
      await going.until("waiting", "v");
      await going.world.platform.request("POST", "/events", [
        { ...event, subject: "s1", data: { x: 2 } },
        { ...event, id: "e2", subject: "s1", correlationkey: "k2", data: { x: 3 } },
      ] as unknown as JsonObject);
    },
    outputs: { w: { x: 1 }, v: { x: 2 }, u: { x: 3 } },
  },
  {
    says: "an event wakes every wait that fits, each once",
    yaml: `
      - { name: a, type: wait_for_event, event: all-NAME, correlation: k }
      - { name: b, type: wait_for_event, event: all-NAME, correlation: k, depends_on: [] }`,
    drive: async (going) => {
      await going.until("waiting", "a");
      await going.until("waiting", "b");
      await going.world.platform.request("POST", "/events", {
        event: `all-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
    },
    outputs: { a: { x: 1 }, b: { x: 1 } },
  },
  {
    says: "an event with a key is kept for a wait that begins later, and an execution takes it once",
    yaml: `
      - ${hold("a")}
      - { name: first, type: wait_for_event, event: kept-NAME, correlation: k }
      - { name: second, type: wait_for_event, event: kept-NAME, correlation: k, timeout: 100ms, on_failure: n }
      - ${ok("n")}`,
    drive: async (going) => {
      await going.task("a");
      await going.world.platform.request("POST", "/events", {
        event: `kept-${going.name}`,
        correlation_key: "k",
        data: { x: 1 },
      });
      await going.complete("a");
    },
    steps: "a completed; first completed; second failed TIMEOUT; n completed",
  },
  {
    says: "emit publishes an event, to waits of this execution and to later ones by key",
    yaml: `
      - { name: e, type: emit, event: told-NAME, correlation_key: $.input.id, data: { n: $.input.n } }
      - { name: w, type: wait_for_event, event: told-NAME, correlation: $.input.id }`,
    input: { id: "k9", n: 5 },
    outputs: { w: { n: 5 } },
  },
  {
    says: "emit wakes a wait that is there already",
    yaml: `
      - { name: w, type: wait_for_event, event: self-NAME }
      - ${hold("a", ", depends_on: []")}
      - { name: e, type: emit, event: self-NAME, data: { x: 1 }, depends_on: [ a ] }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.complete("a");
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "a correlation is read when the wait begins",
    yaml: `
      - { name: s, type: set, variables: { key: first } }
      - { name: w, type: wait_for_event, event: early-NAME, correlation: $.context.key }
      - ${hold("a", ", depends_on: [ s ]")}
      - { name: s2, type: set, variables: { key: second }, depends_on: [ a ] }`,
    drive: async (going) => {
      await going.until("waiting", "w");
      await going.complete("a");
      await going.until("completed", "s2");
      await going.world.platform.request("POST", "/events", {
        event: `early-${going.name}`,
        correlation_key: "first",
        data: { x: 1 },
      });
    },
    outputs: { w: { x: 1 } },
  },
  {
    says: "a correlation that is neither text nor number is an error",
    yaml: `- { name: w, type: wait_for_event, event: x, correlation: $.input }`,
    input: { a: 1 },
    status: "failed",
    error: "EXPRESSION_ERROR",
  },
];

export const runs: readonly Run[] = [...children, ...waits];

export const others: readonly Other[] = [
  {
    says: "an event with a key is kept for executions that start later, one without is not",
    async holds(world, name) {
      await world.platform.request("POST", "/events", { event: `kept-${name}`, correlation_key: "k", data: { x: 1 } });
      await world.platform.request("POST", "/events", { event: `lost-${name}`, data: { x: 1 } });
      await tryRun(world, name, {
        says: "",
        yaml: `
          - { name: a, type: wait_for_event, event: kept-NAME, correlation: k }
          - { name: b, type: wait_for_event, event: lost-NAME, timeout: 100ms, on_failure: c }
          - ${ok("c")}`,
        steps: "a completed; b failed TIMEOUT; c completed",
      });
    },
  },
];
