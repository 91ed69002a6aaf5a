/** What the figures of a workflow's steps say to change. Each rule looks at one step, and says one sentence. */

import type { StepFigures } from "./workflow-figures.ts";

export interface Finding {
  readonly code: "executor_wait" | "retries" | "failures" | "fallbacks" | "long_step" | "external_wait";
  readonly level: "info" | "warning" | "critical";
  readonly step: string;
  readonly message: string;
}

/** Fewer runs than this are chance. */
const RUNS_MIN = 5;

/** Where a step has so little part in how long an execution takes, how it spends its time does not matter. */
const CRITICAL_SHARE_MIN = 0.1;

export function findingsOf(steps: readonly StepFigures[]): readonly Finding[] {
  const rank = { critical: 0, warning: 1, info: 2 };
  return steps
    .filter(({ runs }) => runs >= RUNS_MIN)
    .flatMap((step) => RULES.flatMap((rule) => rule(step) ?? []))
    .toSorted((a, b) => rank[a.level] - rank[b.level]);
}

type Rule = (step: StepFigures) => Finding | null;

const executorWait: Rule = ({ step, time, critical_share: share }) => {
  const part = partOf(time.executor.mean, time.total.mean);
  if (part < 0.5 || share < CRITICAL_SHARE_MIN || (time.executor.mean ?? 0) < 0.05) return null;
  return {
    code: "executor_wait",
    level: part >= 0.75 ? "critical" : "warning",
    step,
    message: `\`${step}\` waits ${percent(part)} of its time for an executor: add instances or raise concurrency.`,
  };
};

const retries: Rule = ({ step, runs, retries: again, time, errors }) => {
  const each = again / runs;
  if (each < 0.3) return null;
  const code = errors[0]?.code;
  const lost = seconds(time.retrying.mean);
  return {
    code: "retries",
    level: each >= 1 ? "warning" : "info",
    step,
    message: `\`${step}\` is tried again ${each.toFixed(1)} times in each run${lost === null ? "" : ` and spends ${lost} in back-off`}: ${code === undefined ? "look at why it fails" : `find out why it fails with ${code}`}.`,
  };
};

const failures: Rule = ({ step, runs, failures: failed, errors }) => {
  const part = failed / runs;
  if (part < 0.1) return null;
  const code = errors[0]?.code;
  return {
    code: "failures",
    level: part >= 0.3 ? "critical" : "warning",
    step,
    message: `\`${step}\` fails in ${percent(part)} of its runs${code === undefined ? "" : `, mostly with ${code}`}: retry it, give it a fallback, or mend what it calls.`,
  };
};

const fallbacks: Rule = ({ step, runs, fallbacks: taken }) => {
  const part = taken / runs;
  if (part < 0.2) return null;
  return {
    code: "fallbacks",
    level: "warning",
    step,
    message: `\`${step}\` is stood in for by its fallback in ${percent(part)} of its runs: what it calls is often not there.`,
  };
};

const longStep: Rule = ({ step, time, critical_share: share }) => {
  if (share < 0.5 || partOf(time.running.mean, time.total.mean) < 0.5) return null;
  return {
    code: "long_step",
    level: share >= 0.8 ? "warning" : "info",
    step,
    message: `\`${step}\` takes ${percent(share)} of the time of an execution: make it faster, or let what does not need its result run beside it.`,
  };
};

const externalWait: Rule = ({ step, time, critical_share: share }) => {
  if (share < 0.5 || partOf(time.waiting.mean, time.total.mean) < 0.5) return null;
  return {
    code: "external_wait",
    level: "info",
    step,
    message: `\`${step}\` waits for ${percent(share)} of the time of an execution: how long it takes is decided elsewhere.`,
  };
};

const RULES: readonly Rule[] = [executorWait, failures, retries, fallbacks, longStep, externalWait];

function partOf(part: number | null, whole: number | null): number {
  return part === null || whole === null || whole <= 0 ? 0 : part / whole;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function seconds(value: number | null): string | null {
  return value === null || value === 0 ? null : `${Number(value.toPrecision(2))} s`;
}
