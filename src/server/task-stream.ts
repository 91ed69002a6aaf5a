/**
 * Tasks over one WebSocket: what an executor sends is checked frame by frame, what it is told goes out many things at a
 * time.
 *
 *     connected ──hello──► open ──► closed, with a problem that says why
 *
 * Whatever comes up in one turn of the loop (tasks of a commit, what became of results) leaves in one frame. A peer that
 * does not read is given nothing more, is not listened to meanwhile, and is cut off when it goes on like that; so is one
 * that gives no sign of life. What it held then runs out after its lease, as if it had stopped polling.
 */

import type { WebSocket } from "ws";
import { PROBLEMS } from "../core/protocol/problems.ts";
import {
  type CancelReason,
  CREDITS_MAX,
  closeCodeOf,
  ExecutorFrame,
  type StreamHello,
} from "../core/protocol/task-stream.ts";
import { type HeartbeatOutcome, LEASE_MS_DEFAULT, type Result, type ResultOutcome } from "../core/protocol/tasks.ts";
import type { Executors, TaskConnection } from "../host/executors.ts";
import type { Clock } from "../ports/clock.ts";
import { unfitRequest } from "./binding.ts";
import { parseJsonText } from "./json-text.ts";
import { type Trouble, toProblem, trouble, troubleOfError } from "./problems.ts";
import { renew, resultsWithoutError, toResult, toTaskText } from "./task-messages.ts";
import { createValidator } from "./validation.ts";

export interface TaskStream {
  /** Hands nothing more out, answers for the results that have come in, and closes. */
  stop(): void;
  /** At once. */
  cut(): void;
}

export interface TaskStreamOptions {
  readonly socket: WebSocket;
  readonly executors: Executors;
  readonly clock: Clock;
  readonly workspace: string;
  readonly path: string;
  readonly requestId: string;
  /** For the log: what was thrown, and during what. */
  readonly report: (error: unknown, about: string) => void;
  readonly closed: () => void;
}

/** Who connects knows who it is. */
const HELLO_MS_MAX = 10_000;
/** A peer is asked for a sign of life this often within a lease, and is dead when it has missed all but one. */
const PINGS_IN_LEASE = 4;
const PING_MS_MAX = 10_000;
/** So much may wait for a peer to read it before it gets no more. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** So many results may be on their way to the disk before more are read. */
const UNCOMMITTED_MAX = 5000;
/** Tasks of more text than this go in several frames, so that a peer can begin with the first. */
const FRAME_CHARACTERS_MAX = 1024 * 1024;

const frames = createValidator(ExecutorFrame, "");

export function serveTaskStream(options: TaskStreamOptions): TaskStream {
  const { socket, executors, clock, workspace } = options;
  let connection: TaskConnection | null = null;
  let credits = 0;
  let uncommitted = 0;
  let pingsMissed = 0;
  let isStopping = false;
  let isOver = false;

  let tasks: string[] = [];
  let outcomes: ResultOutcome[] = [];
  let heartbeats: HeartbeatOutcome[] | null = null;
  let cancels: { readonly task_id: string; readonly reason: CancelReason }[] = [];
  let isFlushing = false;

  let cancelTimer = clock.after(HELLO_MS_MAX, () =>
    fail(trouble("REQUEST_TIMEOUT", 'Expected a first frame with "hello" in time, but none came.')),
  );

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isOver) return;
    seen();
    if (isBinary) return fail(trouble("BAD_REQUEST", "Expected frames of text, but met a binary one."));
    const frame = readFrame(data);
    if (frame !== null) take(frame);
  });
  socket.on("pong", seen);
  socket.on("ping", (data: Buffer) => {
    // Whoever asks without ever reading the answers gets none.
    if (!isOver && socket.bufferedAmount < UNREAD_BYTES_MAX) socket.pong(data);
  });
  socket.on("error", () => {
    // The library has closed the connection with the code that fits: a frame was too long, or none at all.
  });
  socket.on("close", () => {
    end();
    options.closed();
  });

  function readFrame(bytes: Buffer): ExecutorFrame | null {
    const parsed = parseJsonText(bytes);
    if (!parsed.ok) {
      const { message, ok: _, ...place } = parsed;
      fail(trouble("BAD_REQUEST", message, [{ ...place, detail: message }]));
      return null;
    }
    const unfit = frames.check(parsed.value, bytes.length);
    if (unfit.length > 0) {
      fail(unfitRequest(unfit));
      return null;
    }
    return parsed.value as ExecutorFrame;
  }

  function take(frame: ExecutorFrame): void {
    const wrong = wrongOrder(frame) ?? wrongResults(frame) ?? wrongCredits(frame);
    if (wrong !== null) return fail(wrong);
    if (frame.hello !== undefined) greet(frame.hello);
    if (frame.heartbeats !== undefined) {
      heartbeats = [...(heartbeats ?? []), ...renew(executors, workspace, frame.heartbeats)];
      flushSoon();
    }
    if (frame.results !== undefined && frame.results.length > 0) void finish(frame.results);
    if (frame.drain === true) connection?.drain();
    if (frame.credits !== undefined && frame.credits > 0) {
      credits += frame.credits;
      connection?.grant(frame.credits);
    }
  }

  function wrongOrder({ hello }: ExecutorFrame): Trouble | null {
    if ((hello !== undefined) === (connection === null)) return null;
    const detail =
      connection === null
        ? 'Expected "hello" in the first frame, but it is missing.'
        : 'Expected "hello" in the first frame only, but it has come again.';
    return unfitRequest([{ pointer: "/hello", detail }]);
  }

  function wrongCredits({ hello, credits: more }: ExecutorFrame): Trouble | null {
    if (credits + (hello?.credits ?? 0) + (more ?? 0) <= CREDITS_MAX) return null;
    const detail = `Expected credit for at most ${CREDITS_MAX} tasks at a time, but there would be more.`;
    return unfitRequest([{ pointer: "/credits", detail }]);
  }

  function greet(hello: StreamHello): void {
    const leaseMs = hello.lease_ms ?? LEASE_MS_DEFAULT;
    credits = hello.credits;
    connection = executors.connect({
      workspace,
      executor: hello.executor,
      instance: hello.instance,
      functions: hello.functions ?? null,
      leaseMs,
      held: hello.held ?? [],
      labels: hello.labels ?? {},
      credits: isStopping ? 0 : hello.credits,
      receive(leased) {
        credits -= leased.length;
        for (const one of leased) tasks.push(toTaskText(one));
        flushSoon();
      },
      withdrawn(taskId, reason) {
        cancels.push({ task_id: taskId, reason });
        flushSoon();
      },
      ended: () => fail(trouble("UNAVAILABLE", "Expected the instance to be there, but it has left.")),
    });
    cancelTimer();
    pingEvery(Math.min(PING_MS_MAX, leaseMs / PINGS_IN_LEASE));
  }

  async function finish(results: readonly Result[]): Promise<void> {
    uncommitted += results.length;
    listenOrNot();
    try {
      const finished = await executors.finish({ workspace, results: results.map(toResult) });
      for (const { taskId, outcome } of finished) outcomes.push({ task_id: taskId, outcome });
      flushSoon();
    } catch (error) {
      const found = troubleOfError(error);
      if (found.code === "INTERNAL") options.report(error, `results over ${options.path} (${options.requestId})`);
      // It is not known what became of them: whoever has no outcome sends them again.
      fail(found);
    } finally {
      uncommitted -= results.length;
      listenOrNot();
      stopIfDone();
    }
  }

  function flushSoon(): void {
    if (isFlushing || isOver) return;
    isFlushing = true;
    // What became of results is told by promises that are kept now: it goes in the same frame.
    queueMicrotask(flush);
  }

  function flush(): void {
    isFlushing = false;
    if (isOver) return;
    const members: string[] = [];
    if (outcomes.length > 0) members.push(`"outcomes":${JSON.stringify(outcomes)}`);
    if (heartbeats !== null) members.push(`"heartbeats":${JSON.stringify(heartbeats)}`);
    if (cancels.length > 0) members.push(`"cancels":${JSON.stringify(cancels)}`);
    const waiting = tasks;
    outcomes = [];
    heartbeats = null;
    cancels = [];
    tasks = [];
    let from = 0;
    let characters = 0;
    for (const [i, text] of waiting.entries()) {
      characters += text.length;
      if (characters < FRAME_CHARACTERS_MAX) continue;
      send(`{${[...members.splice(0), `"tasks":[${waiting.slice(from, i + 1).join(",")}]`].join(",")}}`);
      from = i + 1;
      characters = 0;
    }
    if (from < waiting.length) members.push(`"tasks":[${(from === 0 ? waiting : waiting.slice(from)).join(",")}]`);
    if (members.length > 0) send(`{${members.join(",")}}`);
    stopIfDone();
  }

  function send(text: string): void {
    socket.send(text, sent);
    if (socket.bufferedAmount < UNREAD_BYTES_MAX) return;
    connection?.holdBack(true);
    listenOrNot();
  }

  function sent(): void {
    if (isOver || socket.bufferedAmount >= UNREAD_BYTES_MAX) return;
    connection?.holdBack(false);
    listenOrNot();
  }

  function listenOrNot(): void {
    if (isOver) return;
    const isTooMuch = uncommitted > UNCOMMITTED_MAX || socket.bufferedAmount >= UNREAD_BYTES_MAX;
    if (isTooMuch && !socket.isPaused) socket.pause();
    if (!isTooMuch && socket.isPaused) socket.resume();
  }

  function seen(): void {
    pingsMissed = 0;
    if (!isOver) connection?.seen();
  }

  function pingEvery(delayMs: number): void {
    cancelTimer = clock.after(delayMs, () => {
      // While we do not listen because our own disk is slow, its silence says nothing.
      if (uncommitted <= UNCOMMITTED_MAX) pingsMissed += 1;
      if (pingsMissed >= PINGS_IN_LEASE - 1) return socket.terminate();
      if (socket.bufferedAmount < UNREAD_BYTES_MAX) socket.ping();
      pingEvery(delayMs);
    });
  }

  function stopIfDone(): void {
    if (isStopping && uncommitted === 0 && outcomes.length === 0) fail(STOPPING);
  }

  /** The last thing that is said. */
  function fail(found: Trouble): void {
    if (isOver) return;
    const problem = toProblem(found, { path: options.path, requestId: options.requestId });
    end();
    socket.resume();
    socket.send(JSON.stringify({ problem }));
    socket.close(closeCodeOf(PROBLEMS[found.code].status), found.code);
  }

  function end(): void {
    isOver = true;
    cancelTimer();
    connection?.close();
  }

  return {
    stop() {
      isStopping = true;
      connection?.drain();
      stopIfDone();
    },
    cut: () => socket.terminate(),
  };
}

const STOPPING: Trouble = trouble("UNAVAILABLE", "Expected the server to run, but it is stopping.");

function wrongResults({ results }: ExecutorFrame): Trouble | null {
  const wrong = results === undefined ? [] : resultsWithoutError(results);
  return wrong.length === 0 ? null : unfitRequest(wrong);
}
