/**
 * Secrets from environment variables: `secrets.API_KEY` is `MAGICFLOW_SECRET_API_KEY`. Upper case and underscores stand for
 * whatever a variable's name cannot have. They belong to one workspace; others have none.
 */

import type { Secrets } from "../../ports/secrets.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "MAGICFLOW_SECRET_";

export function createEnvironmentSecrets(owner: {
  readonly environment: Environment;
  readonly workspace: string;
}): Secrets {
  const { environment } = owner;
  return {
    async read({ workspace, name }) {
      if (workspace !== owner.workspace) return null;
      return readVariable(environment, `${PREFIX}${name}`) ?? readVariable(environment, `${PREFIX}${toVariable(name)}`);
    },
  };
}

function toVariable(name: string): string {
  return name.replaceAll("-", "_").toUpperCase();
}

function readVariable(environment: Environment, variable: string): string | null {
  return Object.hasOwn(environment, variable) ? (environment[variable] ?? null) : null;
}
