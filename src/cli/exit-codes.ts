/** What the exit code of a command means. Stable: scripts branch on it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  invalid: 3,
  auth: 4,
  notFound: 5,
  conflict: 6,
  unreachable: 7,
  /** With `--wait` and `--follow`, and `run`: the execution ended, but not as completed. */
  executionFailed: 8,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

/** Ends the command with this code, after its message was shown. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: number;
  /** For `--json`: what is printed in place of the message. */
  readonly document: object | null;

  constructor(exitCode: number, message: string, document: object | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.document = document;
  }
}
