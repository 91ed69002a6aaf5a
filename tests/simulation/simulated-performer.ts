/** What the platform's own calls meet: others who answer, refuse, or take their time. */

import type { Performed, Performer } from "../../src/ports/performer.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const AT_A_TIME = 2;

export function simulatedPerformer(world: World, process: Process, executor: string): Performer {
  const { chance, faults, timeline } = world;
  return {
    executor,
    concurrencyMax: AT_A_TIME,
    perform({ task, signal }) {
      world.note(process.name, `performs ${task.id}`);
      const { promise, resolve } = Promise.withResolvers<Performed>();
      const ms = faults.strikes("a call of the platform takes long")
        ? chance.between(3000, 20_000)
        : chance.between(0, 300);
      const answer = faults.strikes("a call of the platform fails") ? FAILED : COMPLETED;
      timeline.after(ms, () => process.deliver(() => resolve(answer)));
      signal.addEventListener("abort", () => resolve(FAILED));
      return promise;
    },
    async [Symbol.asyncDispose]() {
      // Nothing is open between calls.
    },
  };
}

const COMPLETED: Performed = { status: "completed", output: { n: 1 }, http: { status: 200, headers: {} } };
const FAILED: Performed = { status: "failed", error: { code: "HTTP_503", message: "Expected 200, but it is 503." } };
