import type { ExecutorRecord } from "../../host/executors.ts";
import { by, type Family, type MetricFacts, one, type Sample } from "./family.ts";

/** More names than this would make the page grow without end. */
const EXECUTORS_MAX = 200;

export const TASK_METRICS: readonly Family[] = [
  {
    name: "magicflow_queue_depth",
    help: "Tasks in memory that wait for an executor.",
    type: "gauge",
    read: (facts) => byExecutor(facts, ({ waiting }) => waiting),
  },
  {
    name: "magicflow_tasks_leased",
    help: "Tasks that instances of an executor work on.",
    type: "gauge",
    read: (facts) => byExecutor(facts, ({ instances }) => instances.reduce((sum, { leased }) => sum + leased, 0)),
  },
  {
    name: "magicflow_executor_instances",
    help: "Instances of an executor that are known.",
    type: "gauge",
    read: (facts) => byExecutor(facts, ({ instances }) => instances.length),
  },
  {
    name: "magicflow_executor_online",
    help: "1 where an instance of the executor is there, 0 where none is.",
    type: "gauge",
    read: (facts) => byExecutor(facts, ({ status }) => (status === "online" ? 1 : 0)),
  },
  {
    name: "magicflow_task_results_total",
    help: "Answers of executors, by what became of them: accepted, duplicate, stale (too late), unknown.",
    type: "counter",
    read: ({ host }) => by("outcome", host.counters.results),
  },
  {
    name: "magicflow_leases_lost_total",
    help: "Leases that ended without a sign of life; the task was handed out again.",
    type: "counter",
    read: ({ host }) => one(host.counters.leasesLost),
  },
];

function byExecutor({ host, workspace }: MetricFacts, measure: (record: ExecutorRecord) => number): readonly Sample[] {
  return host.executors
    .list({ workspace })
    .slice(0, EXECUTORS_MAX)
    .map((record) => ({ labels: { executor: record.name }, value: measure(record) }));
}
