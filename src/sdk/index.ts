/** `magicflow/sdk`: what a program installs to start workflows and to do the work of their steps. */

export type { Check, CheckResult } from "./checks.ts";
export { type Client, createClient, type ExecuteOptions, type ExecutionFilter } from "./client.ts";
export { MagicFlowError, type ProblemDocument, TaskError } from "./errors.ts";
export { createExecutor, type Executor, type ExecutorOptions } from "./executor.ts";
export type { ConnectionOptions } from "./http.ts";
export type { TaskContext, TaskFunction } from "./work.ts";
