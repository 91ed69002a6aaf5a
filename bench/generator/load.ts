/** Sends the requests of one load, checks every answer, and says how many there were and how long they took. */

import { type Answer, type Connection, createConnection, toRequest } from "./connection.ts";
import { Histogram } from "./histogram.ts";
import type { Expectation, LoadJob, Outcome, Report } from "./job.ts";

/** Answers that take longer than this after the end are given up. */
const GRACE_MS = 30_000;
const WRONG_MAX = 100;

export async function runLoad(job: LoadJob, report: (report: Report) => void): Promise<Outcome> {
  const url = new URL(job.url);
  const beganAt = performance.now();
  const measureAt = beganAt + job.warmUpSeconds * 1000;
  const endAt = measureAt + job.seconds * 1000;
  const tally = createTally(job.expected, measureAt, endAt);
  let cpuBefore = process.cpuUsage();
  const measuring = atTime(measureAt, () => {
    cpuBefore = process.cpuUsage();
    report({ kind: "measuring" });
  });
  let used = { user: 0, system: 0 };
  const measured = atTime(endAt, () => {
    used = process.cpuUsage(cpuBefore);
    report({ kind: "measured" });
  });
  const request = toRequest({ method: "POST", url, path: job.path, body: job.body });
  const { pace } = job;
  const connections = Array.from({ length: pace.kind === "closed" ? pace.clients : pace.connections }, () =>
    createConnection(url),
  );
  const sending =
    pace.kind === "closed"
      ? Promise.all(connections.map((connection) => sendOnAnswer(connection, request, endAt, tally)))
      : sendOnTime({ connections, request, perSecond: pace.perSecond, beganAt, endAt, tally });
  await Promise.race([
    sending,
    atTime(endAt + GRACE_MS, () => tally.wrong("Expected every answer, but some are late.")),
  ]);
  await Promise.all([measuring, measured]);
  for (const connection of connections) connection.close();
  return { ...tally.outcome(), seconds: job.seconds, cpuSeconds: (used.user + used.system) / 1e6 };
}

async function sendOnAnswer(connection: Connection, request: Buffer, endAt: number, tally: Tally): Promise<void> {
  for (let sentAt = performance.now(); sentAt < endAt && !tally.isHopeless(); sentAt = performance.now()) {
    await exchange(connection, request, { dueAt: sentAt, sentAt }, tally);
  }
}

/** Whatever is due and finds no free connection waits, and its latency with it. */
async function sendOnTime(about: {
  connections: readonly Connection[];
  request: Buffer;
  perSecond: number;
  beganAt: number;
  endAt: number;
  tally: Tally;
}): Promise<void> {
  const { request, perSecond, beganAt, endAt, tally } = about;
  const free = [...about.connections];
  const open = new Set<Promise<void>>();
  const all = Math.floor(((endAt - beganAt) / 1000) * perSecond);
  const dueAt = (n: number) => beganAt + (n * 1000) / perSecond;
  let sent = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = () => {
    const now = performance.now();
    if (tally.isHopeless()) return resolve();
    while (sent < all && dueAt(sent) <= now) {
      const connection = free.pop();
      if (connection === undefined) return;
      const under = exchange(connection, request, { dueAt: dueAt(sent), sentAt: now }, tally).then(() => {
        open.delete(under);
        free.push(connection);
        send();
      });
      open.add(under);
      sent += 1;
    }
    if (sent === all) resolve();
  };
  // As fine as timers are; what they are late is part of the latency, and is told apart.
  const timer = setInterval(send, 1);
  send();
  await promise;
  clearInterval(timer);
  await Promise.all(open);
}

async function exchange(
  connection: Connection,
  request: Buffer,
  times: { dueAt: number; sentAt: number },
  tally: Tally,
): Promise<void> {
  try {
    tally.answer(await connection.exchange(request), times);
  } catch (error) {
    tally.wrong(error instanceof Error ? error.message : String(error));
  }
}

interface Tally {
  answer(answer: Answer, times: { dueAt: number; sentAt: number }): void;
  wrong(reason: string): void;
  /** So many wrong answers that it makes no sense to go on. */
  isHopeless(): boolean;
  outcome(): Omit<Outcome, "seconds" | "cpuSeconds">;
}

function createTally(expected: Expectation, measureAt: number, endAt: number): Tally {
  const latency = new Histogram();
  const lateness = new Histogram();
  const text = Buffer.from(expected.text);
  let answers = 0;
  let answersInAll = 0;
  let wrong = 0;
  let firstWrong: string | null = null;
  const tally: Tally = {
    answer({ status, body }, { dueAt, sentAt }) {
      if (status !== expected.status || timesIn(body, text) !== expected.times)
        return tally.wrong(`${status} ${body.toString().slice(0, 1000)}`);
      answersInAll += 1;
      const now = performance.now();
      // By the time at which the answer is there: the rate is that of answers, and a slow one is not lost at the end.
      if (now < measureAt || now >= endAt) return;
      answers += 1;
      latency.record(now - dueAt);
      lateness.record(sentAt - dueAt);
    },
    wrong(reason) {
      wrong += 1;
      firstWrong ??= reason;
    },
    isHopeless: () => wrong >= WRONG_MAX,
    outcome: () => ({
      answers,
      answersInAll,
      latency: latency.quantiles(),
      lateness: lateness.quantiles(),
      wrong,
      firstWrong,
    }),
  };
  return tally;
}

function timesIn(body: Buffer, text: Buffer): number {
  let times = 0;
  for (let at = body.indexOf(text); at !== -1; at = body.indexOf(text, at + text.length)) times += 1;
  return times;
}

function atTime(at: number, act: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(
    () => {
      act();
      resolve();
    },
    Math.max(0, at - performance.now()),
  );
  return promise;
}
