/** What the benchmark and its generator tell each other. They are two processes, so that neither waits for the other. */

import type { Quantiles } from "./histogram.ts";

export type Job = LoadJob | ExecutorJob | StreamsJob;

/** Sends one request again and again for a while. */
export interface LoadJob {
  readonly kind: "load";
  readonly url: string;
  readonly path: string;
  readonly body: string;
  readonly expected: Expectation;
  readonly pace: Pace;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What a right answer looks like: its status, and a text that stands in it as often as `times` says. */
export interface Expectation {
  readonly status: number;
  readonly text: string;
  readonly times: number;
}

export type Pace =
  /** Each client sends its next request when it has the answer to the last: finds out how much is possible. */
  | { readonly kind: "closed"; readonly clients: number }
  /**
   * A request is due at fixed times, whether or not answers have come, and its latency counts from then: what had to wait
   * because the server stood still is not left out.
   */
  | { readonly kind: "paced"; readonly perSecond: number; readonly connections: number };

/** Serves tasks until it is told to end. */
export interface ExecutorJob {
  readonly kind: "executor";
  readonly url: string;
  readonly executor: ExecutorOptions;
}

/** Follows streams until all of them have ended. */
export interface StreamsJob {
  readonly kind: "streams";
  readonly url: string;
  /** One stream each. */
  readonly paths: readonly string[];
}

export type ExecutorOptions = PollingExecutorOptions | SdkExecutorOptions;

/** Calls over HTTP, as lean as can be. */
export interface PollingExecutorOptions {
  readonly by: "polls";
  readonly name: string;
  /** Polls that wait at the same time. */
  readonly polls: number;
  readonly tasksMax: number;
}

/** As users write it. */
export interface SdkExecutorOptions {
  readonly by: "sdk";
  readonly name: string;
  readonly concurrency: number;
}

export type Report =
  | { readonly kind: "measuring" }
  | { readonly kind: "measured" }
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  /** Of streams: all are open, after so long. */
  | { readonly kind: "opened"; readonly ms: number }
  /** Of streams: all have ended, with so many messages in all. */
  | { readonly kind: "ended"; readonly messages: number }
  /** Of an executor: how many results the platform has taken so far. */
  | { readonly kind: "finished"; readonly tasks: number };

export interface Outcome {
  readonly seconds: number;
  /** Right answers in the measured time, and in all. */
  readonly answers: number;
  readonly answersInAll: number;
  readonly latency: Quantiles;
  /** Of a paced load: how late requests were sent, a part of their latency. */
  readonly lateness: Quantiles;
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Processor time of the generator in the measured time. */
  readonly cpuSeconds: number;
}
