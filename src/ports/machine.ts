/** What the process uses of the machine. */
export interface Machine {
  measure(): MachineFacts;
}

export interface MachineFacts {
  /** Processor time since the process began, in seconds, and how many processors there are. */
  readonly cpuSeconds: number;
  readonly processors: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Of the machine, or of what the process may use. */
  readonly memoryBytes: number;
  /** How late the event loop was since the last measurement, in seconds. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
}
