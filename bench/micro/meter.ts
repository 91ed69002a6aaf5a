/**
 * What a piece of pure code takes, in processor time of its own thread: work of others on the machine slows a clock down,
 * but not this.
 */

export interface Metered {
  readonly name: string;
  readonly usForEach: number;
}

const ROUNDS = 25;

/**
 * `run` does the work once and answers how many things it has done. The quickest of several rounds counts: whatever else
 * happens in a process makes rounds longer, never shorter.
 */
export function meter(name: string, seconds: number, run: () => number): Metered {
  const roundUs = (seconds * 1e6) / (ROUNDS + 1);
  spend(roundUs, run);
  const rounds = Array.from({ length: ROUNDS }, () => spend(roundUs, run));
  return { name, usForEach: Math.min(...rounds) };
}

/** For each thing done in about so long. */
function spend(us: number, run: () => number): number {
  const beganAt = threadUs();
  let done = 0;
  let used = 0;
  while (used < us) {
    done += run();
    used = threadUs() - beganAt;
  }
  return used / done;
}

function threadUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
