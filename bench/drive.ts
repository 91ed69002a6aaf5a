/** Lets the generator's process do a job, and looks at the platform's process while it measures. */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ExecutorJob, Job, LoadJob, Outcome, Report, StreamsJob } from "./generator/job.ts";
import { watchProcess } from "./places.ts";
import { readUsage, type Share, shareBetween, type Usage } from "./usage.ts";

const GENERATOR = fileURLToPath(new URL("generator/main.ts", import.meta.url));

export interface Driven extends Outcome {
  /** Of the process that was loaded. */
  readonly share: Share;
  readonly residentBytes: number;
  /** Of the generator: near 1 it is itself the limit. */
  readonly generatorCpu: number;
  /** Of whoever else was at work meanwhile, the kernel's own share included. */
  readonly othersCpu: number;
}

/** Throws if an answer was wrong: a benchmark of failures says nothing. */
export function drive(job: LoadJob, pid: number): Promise<Driven> {
  const { promise, resolve, reject } = Promise.withResolvers<Driven>();
  const child = open(job);
  let before: Usage | null = null;
  let after: Usage | null = null;
  child.on("message", (report: Report) => {
    switch (report.kind) {
      case "measuring":
        before = readUsage(pid);
        return;
      case "measured":
        after = readUsage(pid);
        return;
      case "opened":
      case "ended":
      case "finished":
        return;
      case "outcome": {
        child.disconnect();
        const { outcome } = report;
        if (outcome.firstWrong !== null)
          return reject(new Error(`Expected right answers, but ${outcome.wrong} were not: ${outcome.firstWrong}`));
        if (before === null || after === null)
          return reject(new Error("Expected the generator to say when it measures."));
        const share = shareBetween(before, after);
        const generatorCpu = outcome.cpuSeconds / outcome.seconds;
        return resolve({
          ...outcome,
          share,
          residentBytes: after.residentBytes,
          generatorCpu,
          othersCpu: Math.max(0, share.machine - share.cpu - generatorCpu),
        });
      }
    }
  });
  child.once("exit", () => reject(new Error("Expected an outcome, but the generator has ended.")));
  return promise;
}

export interface RunningExecutor extends Disposable {
  readonly finished: () => number;
}

/** An executor in a process of its own, which outlives the platform. */
export function runExecutor(job: ExecutorJob): RunningExecutor {
  const child = open(job);
  let tasks = 0;
  child.on("message", (report: Report) => {
    if (report.kind === "finished") tasks = report.tasks;
  });
  return {
    finished: () => tasks,
    [Symbol.dispose]() {
      if (child.connected) child.disconnect();
    },
  };
}

export interface OpenStreams extends Disposable {
  /** After so many milliseconds. */
  readonly opened: Promise<number>;
  /** With so many messages. */
  readonly ended: Promise<number>;
}

/** Clients that follow executions, in a process of their own. */
export function openStreams(job: StreamsJob): OpenStreams {
  const child = open(job);
  const opened = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<number>();
  child.on("message", (report: Report) => {
    if (report.kind === "opened") opened.resolve(report.ms);
    if (report.kind === "ended") ended.resolve(report.messages);
  });
  child.once("exit", () => {
    const error = new Error("Expected all streams to come to their end, but the generator has ended.");
    opened.reject(error);
    ended.reject(error);
  });
  // Whoever waits for the one has not heard yet that the other fails too.
  ended.promise.catch(() => undefined);
  return {
    opened: opened.promise,
    ended: ended.promise,
    [Symbol.dispose]() {
      if (child.connected) child.disconnect();
    },
  };
}

function open(job: Job): ChildProcess {
  const child = fork(GENERATOR, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  watchProcess(child);
  child.send(job);
  return child;
}
