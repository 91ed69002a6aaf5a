/**
 * What all workflows have to do with one another and with the outside, read off their definitions.
 *
 *     workflow ──calls──► executor, service         workflow ──starts──► workflow
 *     workflow ──emits──► event ──wakes──► workflow
 *
 * Where only data tells what is meant (`workflow: $.input.kind`), the other end is a node of its own that says so.
 */

import { Type } from "typebox";
import type { Json } from "../base/json.ts";
import { targetOf } from "../language/breakers.ts";
import type { Definition, Step } from "../language/definition.ts";
import { type Message, message, orNull, time } from "./message.ts";
import type { Route } from "./route.ts";

export const NODE_KINDS = ["workflow", "executor", "service", "event"] as const;
export type TopologyNodeKind = (typeof NODE_KINDS)[number];

export const EDGE_KINDS = ["calls", "starts", "waits_for", "emits"] as const;
export type TopologyEdgeKind = (typeof EDGE_KINDS)[number];

/** Whom a workflow deals with, and by which of its steps. */
export interface Contact {
  readonly kind: TopologyEdgeKind;
  readonly to: TopologyNodeKind;
  /** Null: only data tells. */
  readonly name: string | null;
  readonly step: string;
  /** Of an executor: which of its functions. */
  readonly function: string | null;
  /** Of a child: whether it is waited for. */
  readonly waits: boolean | null;
}

export function contactsOf(definition: Definition): readonly Contact[] {
  return definition.steps.flatMap((step) => contactOf(definition, step) ?? []);
}

function contactOf(definition: Definition, step: Step): Contact | null {
  const { spec, name, type } = step;
  const contact = { step: name, function: null, waits: null };
  switch (spec.kind) {
    case "function":
      return { ...contact, kind: "calls", to: "executor", name: spec.executor, function: spec.function };
    case "http":
    case "external":
      return { ...contact, kind: "calls", to: "service", name: targetOf(definition, step, null) ?? `${type}: ${name}` };
    case "workflow":
      return {
        ...contact,
        kind: "starts",
        to: "workflow",
        name: textOf(spec.workflow.constant),
        waits: spec.wait,
      };
    case "wait_for_event":
      return { ...contact, kind: "waits_for", to: "event", name: textOf(spec.event.constant) };
    case "emit":
      return { ...contact, kind: "emits", to: "event", name: textOf(spec.event.constant) };
    default:
      return null;
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export interface TopologyNode {
  readonly id: string;
  readonly kind: TopologyNodeKind;
  /** Null: only data tells. */
  readonly name: string | null;
  /** Of a workflow: its active version; null of one that is not registered, and of everything else. */
  readonly version: string | null;
  readonly is_registered: boolean | null;
  /** Of an executor: whether somebody is there. */
  readonly status: "online" | "stale" | "offline" | null;
  /** Of a workflow: executions that are open. */
  readonly active: number | null;
  /** Of a workflow: executions that failed or timed out in the last hour. */
  readonly failures: number | null;
  /** Of an executor: tasks that wait. */
  readonly waiting: number | null;
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: TopologyEdgeKind;
  readonly steps: readonly string[];
  readonly functions: readonly string[];
  readonly waits: boolean | null;
}

export interface Topology {
  readonly at: string;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** There are more workflows than are shown. */
  readonly is_cut: boolean;
}

export interface TopologyFacts {
  /** Registered workflows by name. */
  readonly workflows: ReadonlyMap<
    string,
    {
      readonly version: string;
      readonly active: number;
      readonly failures: number;
      readonly contacts: readonly Contact[];
    }
  >;
  readonly executors: ReadonlyMap<
    string,
    { readonly status: "online" | "stale" | "offline"; readonly waiting: number }
  >;
}

export function toTopology({ workflows, executors }: TopologyFacts): Pick<Topology, "nodes" | "edges"> {
  const nodes = new Map<string, TopologyNode>();
  const edges = new Map<string, { edge: TopologyEdge; steps: string[]; functions: Set<string> }>();
  const addNode = (kind: TopologyNodeKind, name: string | null): string => {
    const id = idOf(kind, name);
    if (!nodes.has(id)) nodes.set(id, toNode(kind, name, workflows, executors));
    return id;
  };
  for (const name of workflows.keys()) addNode("workflow", name);
  for (const name of executors.keys()) addNode("executor", name);
  for (const [workflow, { contacts }] of workflows) {
    for (const contact of contacts) {
      const from = idOf("workflow", workflow);
      const to = addNode(contact.to, contact.name);
      const key = `${from}\n${to}\n${contact.kind}`;
      const known = edges.get(key);
      if (known !== undefined) {
        known.steps.push(contact.step);
        if (contact.function !== null) known.functions.add(contact.function);
        continue;
      }
      const steps = [contact.step];
      const edge = { from, to, kind: contact.kind, steps, functions: [], waits: contact.waits };
      edges.set(key, { edge, steps, functions: new Set(contact.function === null ? [] : [contact.function]) });
    }
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()].map(({ edge, functions }) => ({ ...edge, functions: [...functions].sort() })),
  };
}

function toNode(
  kind: TopologyNodeKind,
  name: string | null,
  workflows: TopologyFacts["workflows"],
  executors: TopologyFacts["executors"],
): TopologyNode {
  const workflow = kind === "workflow" && name !== null ? workflows.get(name) : undefined;
  const executor = kind === "executor" && name !== null ? executors.get(name) : undefined;
  return {
    id: idOf(kind, name),
    kind,
    name,
    version: workflow?.version ?? null,
    is_registered: kind === "workflow" ? workflow !== undefined : null,
    status: kind === "executor" ? (executor?.status ?? "offline") : null,
    active: workflow?.active ?? null,
    failures: workflow?.failures ?? null,
    waiting: kind === "executor" ? (executor?.waiting ?? 0) : null,
  };
}

/** A name holds any character; where it is missing the id ends with the colon. */
function idOf(kind: TopologyNodeKind, name: string | null): string {
  return `${kind}:${name ?? ""}`;
}

const TEXT_OR_NULL = orNull(Type.String());
const COUNT_OR_NULL = orNull(Type.Integer({ minimum: 0 }));

export const Topology: Message<Topology> = message<Topology>("Topology")(
  Type.Object({
    at: time("When this was so."),
    nodes: Type.Array(
      Type.Object({
        id: Type.String({ description: "`{kind}:{name}`." }),
        kind: Type.Enum([...NODE_KINDS]),
        name: orNull(Type.String({ description: "Null: only the data of an execution tells." })),
        version: TEXT_OR_NULL,
        is_registered: orNull(Type.Boolean({ description: "Of a workflow: false where it is only named." })),
        status: orNull(Type.Enum(["online", "stale", "offline"])),
        active: COUNT_OR_NULL,
        failures: orNull(Type.Integer({ description: "Executions that failed or timed out in the last hour." })),
        waiting: COUNT_OR_NULL,
      }),
    ),
    edges: Type.Array(
      Type.Object({
        from: Type.String(),
        to: Type.String(),
        kind: Type.Enum([...EDGE_KINDS]),
        steps: Type.Array(Type.String()),
        functions: Type.Array(Type.String()),
        waits: orNull(Type.Boolean({ description: "Of a child: whether it is waited for." })),
      }),
    ),
    is_cut: Type.Boolean({ description: "There are more workflows than are shown." }),
  }),
);

export const readTopology: Route<object, object, unknown> = {
  method: "GET",
  path: "/api/v1/topology",
  operationId: "readTopology",
  tag: "metrics",
  summary: "Read what all workflows call, start, wait for and emit",
  description: "Of the active versions, with what runs of them now.",
  permission: "workflows:read",
  params: null,
  query: null,
  body: null,
  answers: { 200: { description: "Nodes and edges.", schema: Topology } },
  problems: [],
};
