/**
 * What users may rely on, sentence by sentence, tried on the real program from outside.
 *
 * One platform serves all cases, each with workflows of its own; they run side by side, because many of them wait.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import * as calls from "./language/calls.ts";
import {
  type Diagnosis,
  type Evaluation,
  type Other,
  type Run,
  type Spellings,
  tryDiagnosis,
  tryEvaluation,
  tryRun,
  trySpellings,
  type World,
} from "./language/cases.ts";
import * as containers from "./language/containers.ts";
import * as dataFlow from "./language/data-flow.ts";
import * as documents from "./language/documents.ts";
import * as evaluation from "./language/evaluation.ts";
import { startExecutor } from "./language/executor.ts";
import * as fallbacks from "./language/fallbacks.ts";
import * as firstExample from "./language/first-example.ts";
import * as flow from "./language/flow.ts";
import * as loops from "./language/loops.ts";
import * as names from "./language/names.ts";
import { startPlatform } from "./language/platform.ts";
import * as reading from "./language/reading.ts";
import * as registration from "./language/registration.ts";
import * as retries from "./language/retries.ts";
import * as spellings from "./language/spellings.ts";
import * as timeOuts from "./language/time-outs.ts";
import * as undoing from "./language/undoing.ts";
import * as waiting from "./language/waiting.ts";
import { serve } from "./language/web.ts";

interface Chapter {
  readonly runs?: readonly Run[];
  readonly diagnoses?: readonly Diagnosis[];
  readonly spellings?: readonly Spellings[];
  readonly evaluations?: readonly Evaluation[];
  readonly others?: readonly Other[];
}

const CHAPTERS: Readonly<Record<string, Chapter>> = {
  documents,
  spellings,
  registration,
  names,
  evaluation,
  reading,
  "data-flow": dataFlow,
  calls,
  containers,
  loops,
  waiting,
  flow,
  "first-example": firstExample,
  retries,
  "time-outs": timeOuts,
  fallbacks,
  undoing,
};

describe("what users may rely on", { concurrency: 16 }, () => {
  let world: World;
  const resources = new AsyncDisposableStack();

  before(async () => {
    const server = createServer(serve).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    resources.defer(() => void server.close());
    const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const platform = resources.use(
      await startPlatform(configFor(web), { ALLOWED: "seen", HIDDEN: "not seen", MAGICFLOW_SECRET_KEY: "s3cr3t" }),
    );
    world = { platform, executor: resources.use(startExecutor(platform)), web };
  });

  after(() => resources.disposeAsync());

  for (const [chapter, { runs, diagnoses, spellings, evaluations, others }] of Object.entries(CHAPTERS)) {
    let count = 0;
    const add = (says: string, holds: (name: string) => Promise<void>): void => {
      const name = `${chapter}-${++count}`;
      test(`${chapter}: ${says}`, { timeout: 60_000 }, () => holds(name));
    };
    for (const run of runs ?? []) add(run.says, (name) => tryRun(world, name, run));
    for (const one of diagnoses ?? []) add(one.says, (name) => tryDiagnosis(world, name, one));
    for (const one of spellings ?? []) add(one.says, (name) => trySpellings(world, name, one));
    for (const one of evaluations ?? []) add(one.says, () => tryEvaluation(world, one));
    for (const one of others ?? []) add(one.says, (name) => one.holds(world, name));
  }
});

function configFor(web: string): string {
  return `
outgoing: { allow: [127.0.0.1] }
environment: { allow: [ALLOWED] }
services: { ledger: { url: "${web}/ledger", headers: { x-service: ledger } } }
`;
}
