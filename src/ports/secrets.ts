/** Values of secrets, asked for just before a call that needs them. */
export interface Secrets {
  /** Null if the workspace has no secret of that name. */
  read(request: { workspace: string; name: string }): Promise<string | null>;
}
