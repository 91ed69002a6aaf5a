/**
 * Runs `function transform(input)` in QuickJS: another JavaScript engine, compiled to WebAssembly, that has no way out of
 * its own memory. Each run gets a fresh runtime. Nothing of ours is inside but the input, and that as text.
 */

import {
  newQuickJSWASMModule,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from "quickjs-emscripten";
import { cut, failure, type Job, type Reply, tooLong, tooSlow } from "./messages.ts";

/** The library of types leaves it out where there is no browser. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => object;
};

const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
const MEMORY_SHOWN = `${MEMORY_BYTES_MAX / 1_048_576} MiB of memory`;
const PAGE_BYTES = 64 * 1024;
/** What the engine's module asks for when it is loaded. */
const PAGES_AT_START = 256;
/** A fraction of the stack that WebAssembly itself has, so that deep recursion is the script's error and not ours. */
const STACK_BYTES_MAX = 256 * 1024;

/** Taken before the script runs: it may change `JSON`, but not what we made of it. */
const CONVERT = "(({ parse, stringify }) => ({ parse, stringify }))(JSON)";

/**
 * The engine, in a memory that cannot grow past the limit. Its own limit is not enough: in WebAssembly it cannot tell how
 * large its blocks are, and counts only those that are huge.
 */
export function loadQuickJs(): Promise<QuickJSWASMModule> {
  const wasmMemory = new WebAssembly.Memory({ initial: PAGES_AT_START, maximum: MEMORY_BYTES_MAX / PAGE_BYTES });
  return newQuickJSWASMModule(newVariant(RELEASE_SYNC, { wasmMemory }));
}

export function runJavaScript(quickjs: QuickJSWASMModule, job: Job): Reply {
  const deadline = performance.now() + job.limitMs;
  const runtime = quickjs.newRuntime({ memoryLimitBytes: MEMORY_BYTES_MAX, maxStackSizeBytes: STACK_BYTES_MAX });
  try {
    runtime.setInterruptHandler(() => performance.now() > deadline);
    const context = runtime.newContext();
    const reply = runIn(runtime, context, job, deadline);
    context.dispose();
    runtime.dispose();
    return reply;
  } catch (error) {
    // The engine itself broke, not the script inside it: out of memory beyond what it can report, or out of stack.
    const message = `Expected the script to stay within ${MEMORY_SHOWN}, but it broke its engine: ${cut(String(error))}`;
    return performance.now() > deadline ? tooSlow(job.limitMs, true) : failure("SCRIPT_ERROR", message, null, true);
  }
}

function runIn(runtime: QuickJSRuntime, context: QuickJSContext, job: Job, deadline: number): Reply {
  const handles: QuickJSHandle[] = [];
  const keep = (handle: QuickJSHandle): QuickJSHandle => {
    handles.push(handle);
    return handle;
  };
  const call = (target: QuickJSHandle, argument: QuickJSHandle): QuickJSHandle =>
    unwrap(context.callFunction(target, context.undefined, argument));
  const unwrap = (
    result: { readonly value: QuickJSHandle; readonly error?: undefined } | { readonly error: QuickJSHandle },
  ): QuickJSHandle => {
    if (result.error !== undefined) throw new Thrown(keep(result.error));
    return keep(result.value);
  };
  try {
    const convert = unwrap(context.evalCode(CONVERT, "platform"));
    const parse = keep(context.getProp(convert, "parse"));
    const stringify = keep(context.getProp(convert, "stringify"));
    const input = call(parse, keep(context.newString(job.input)));
    unwrap(context.evalCode(job.source, SCRIPT));
    const transform = unwrap(context.evalCode("typeof transform === 'function' ? transform : undefined", "platform"));
    if (context.typeof(transform) !== "function") {
      return failure("SCRIPT_ERROR", "Expected the script to define `function transform(input)`, but it does not.");
    }
    const given = awaited(runtime, context, call(transform, input), keep, unwrap);
    if (given === null)
      return failure(
        "SCRIPT_ERROR",
        "Expected the promise of `transform` to be kept, but nothing is left that could keep it.",
      );
    const text = call(stringify, given);
    if (context.typeof(text) !== "string") return { kind: "result", output: null };
    if (context.getNumber(keep(context.getProp(text, "length"))) > job.lengthMax) return tooLong(job.lengthMax);
    return { kind: "result", output: context.getString(text) };
  } catch (error) {
    if (!(error instanceof Thrown)) throw error;
    if (performance.now() > deadline) return tooSlow(job.limitMs);
    return describe(context, error.handle);
  } finally {
    for (const handle of handles) if (handle.alive) handle.dispose();
  }
}

const SCRIPT = "script";

/** Something that the script threw, or the engine threw in it. */
class Thrown extends Error {
  readonly handle: QuickJSHandle;

  constructor(handle: QuickJSHandle) {
    super("thrown in a script");
    this.handle = handle;
  }
}

/** An async `transform` may wait for its own promises; nothing else could ever keep them. Null: one that is never kept. */
function awaited(
  runtime: QuickJSRuntime,
  context: QuickJSContext,
  given: QuickJSHandle,
  keep: (handle: QuickJSHandle) => QuickJSHandle,
  unwrap: (result: { readonly error: QuickJSHandle }) => QuickJSHandle,
): QuickJSHandle | null {
  const jobs = runtime.executePendingJobs();
  if (jobs.error !== undefined) unwrap({ error: jobs.error });
  const state = context.getPromiseState(given);
  if (state.type === "pending") return null;
  return state.type === "rejected" ? unwrap({ error: state.error }) : keep(state.value);
}

/** Reads the error without running any of the script's own code for longer than it may still run. */
function describe(context: QuickJSContext, error: QuickJSHandle): Reply {
  const name = textOf(context, error, "name");
  const message = textOf(context, error, "message");
  const stack = textOf(context, error, "stack") ?? "";
  const line = /script:(\d+)/.exec(stack)?.[1];
  const thrown = message === null ? plainText(context, error) : `${name ?? "Error"}: ${message}`;
  // With nothing left, not even for the error, the engine throws null.
  const isMemory = thrown === "InternalError: out of memory" || context.sameValue(error, context.null);
  const where = line === undefined ? "" : ` in line ${line}`;
  const expectation = isMemory ? `Expected the script to stay within ${MEMORY_SHOWN}` : "Expected the script to end";
  const sentence = `${expectation}, but it threw${where}: ${cut(thrown)}`;
  return failure("SCRIPT_ERROR", sentence, line === undefined ? null : Number(line), isMemory);
}

function textOf(context: QuickJSContext, object: QuickJSHandle, name: string): string | null {
  if (context.typeof(object) !== "object") return null;
  const member = context.getProp(object, name);
  try {
    return context.typeof(member) === "string" ? context.getString(member) : null;
  } finally {
    member.dispose();
  }
}

function plainText(context: QuickJSContext, value: QuickJSHandle): string {
  switch (context.typeof(value)) {
    case "string":
      return context.getString(value);
    case "number":
      return String(context.getNumber(value));
    default:
      return context.sameValue(value, context.null) ? "null" : `a value of type ${context.typeof(value)}`;
  }
}
