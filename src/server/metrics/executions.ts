import { by, type Family, one } from "./family.ts";

export const EXECUTION_METRICS: readonly Family[] = [
  {
    name: "magicflow_executions",
    help: "Executions of the workspace that are kept, by status.",
    type: "gauge",
    read: ({ executions }) => (executions === null ? [] : by("status", executions)),
  },
  {
    name: "magicflow_workflow_executions_started_total",
    help: "Executions that have begun, by workflow; of very many workflows the later ones are counted as _other.",
    type: "counter",
    read: ({ host }) =>
      [...host.counters.workflows].map(([workflow, { started }]) => ({ labels: { workflow }, value: started })),
  },
  {
    name: "magicflow_workflow_executions_total",
    help: "Runs that have ended, by workflow and by how.",
    type: "counter",
    read: ({ host }) =>
      [...host.counters.workflows].flatMap(([workflow, { ended }]) =>
        Object.entries(ended).map(([status, value]) => ({ labels: { workflow, status }, value })),
      ),
  },
  {
    name: "magicflow_executions_in_memory",
    help: "Executions in memory; the others wait on disk.",
    type: "gauge",
    read: ({ health }) => one(health.executionsInMemory),
  },
  {
    name: "magicflow_executions_quarantined",
    help: "Executions that were put aside because of a fault of the platform, as far as they were met since the start.",
    type: "gauge",
    read: ({ health }) => one(health.quarantined),
  },
  {
    name: "magicflow_step_retries_total",
    help: "Attempts of steps that failed and are tried again.",
    type: "counter",
    read: ({ host }) => one(host.counters.retries),
  },
  {
    name: "magicflow_timeouts_total",
    help: "Times that were over: queue, attempt and heartbeat of tasks, step, execution.",
    type: "counter",
    read: ({ host }) => by("kind", host.counters.timeOuts),
  },
  {
    name: "magicflow_watchdog_stuck_total",
    help: "Executions that nothing would have moved. Anything but 0 is a bug of the platform.",
    type: "counter",
    read: ({ health }) => one(health.watchdog.found),
  },
  {
    name: "magicflow_watchdog_mended_total",
    help: "Those of them that go on again.",
    type: "counter",
    read: ({ health }) => one(health.watchdog.mended),
  },
  {
    name: "magicflow_watchdog_standing",
    help: "Those of them that stand still at the moment.",
    type: "gauge",
    read: ({ health }) => one(health.watchdog.standing),
  },
  {
    name: "magicflow_bulk_operations_open",
    help: "Operations on many executions that are being worked off.",
    type: "gauge",
    read: ({ host }) => one(host.bulks.open),
  },
];
